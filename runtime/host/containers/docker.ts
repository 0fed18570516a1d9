import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { createLineSplitter } from "../lines.ts";
import type { EngineClient } from "./engine-client.ts";
import type { AttachOptions, Attachment, EngineMount, NewContainer, OutputLine, PodEngine } from "./engine.ts";

/** Pulls and builds may take their time. */
const slowMs = 30 * 60_000;

/** What container pods need, in the calls of Docker's API. */
export function podEngine(client: EngineClient): PodEngine {
  return { rootless: client.rootless, containers: containersOf(client), images: imagesOf(client) };
}

function containersOf({ docker, ask }: EngineClient): PodEngine["containers"] {
  const get = (id: string): Docker.Container => docker.getContainer(id);
  const inspect: PodEngine["containers"]["inspect"] = async (id) => {
    const facts = await unless(404, () => get(id).inspect());
    if (facts === undefined) return undefined;
    const { State: state } = facts;
    const health = state.Health?.Status;
    return {
      id: facts.Id,
      name: facts.Name.slice(1),
      image: facts.Config.Image,
      labels: facts.Config.Labels,
      state: state.Status,
      pid: state.Pid,
      exit:
        state.Status === "exited"
          ? { code: state.ExitCode, outOfMemory: state.OOMKilled, error: state.Error === "" ? undefined : state.Error }
          : undefined,
      health: health === "healthy" || health === "unhealthy" || health === "starting" ? health : undefined,
      healthOutput: state.Health?.Log?.at(-1)?.Output,
      startedAt: state.StartedAt,
    };
  };
  return {
    create: async (spec) => (await ask(`create ${spec.name}`, () => docker.createContainer(createOptions(spec)))).id,
    attach: async (id, options) =>
      attachTo(docker, await get(id).attach({ stream: true, stdout: true, stderr: true, logs: true }), options),
    nextExit: async (id) => {
      const { StatusCode: code }: { StatusCode: number } = await get(id).wait({ condition: "next-exit" });
      const facts = await inspect(id);
      return { code, outOfMemory: facts?.exit?.outOfMemory ?? false, error: facts?.exit?.error };
    },
    start: async (id) => {
      await ask("start a container", () => unless(304, () => get(id).start()));
    },
    stop: async (id, graceMs) => {
      await unless(304, () => unless(404, () => get(id).stop({ t: Math.ceil(graceMs / 1000) })));
    },
    kill: async (id, signal) => {
      await unless(409, () => unless(404, () => get(id).kill({ signal })));
    },
    remove: async (id) => {
      await unless(404, () => unless(409, () => get(id).remove({ force: true, v: true })));
    },
    inspect,
    list: async (labels) => {
      const label = Object.entries(labels).map(([name, value]) => (value === "" ? name : `${name}=${value}`));
      const found = await docker.listContainers({ all: true, filters: { label } });
      return found.map((each) => ({
        id: each.Id,
        name: (each.Names[0] ?? "").slice(1),
        image: each.Image,
        labels: each.Labels,
        state: each.State,
      }));
    },
    exec: async (id, command) => {
      const exec = await get(id).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
      const lines: OutputLine[] = [];
      const { ended } = attachTo(docker, await exec.start({ hijack: true }), {
        onLine: (stream, line) => lines.push({ stream, line }),
      });
      await ended;
      const text = (wanted: string): string =>
        lines.flatMap(({ stream, line }) => (stream === wanted ? [`${line}\n`] : [])).join("");
      return { code: (await exec.inspect()).ExitCode ?? 1, stdout: text("stdout"), stderr: text("stderr") };
    },
    logs: async (id, last) => {
      const lines: OutputLine[] = [];
      const stream = new PassThrough();
      const { ended } = attachTo(docker, stream, { onLine: (from, line) => lines.push({ stream: from, line }) });
      stream.end(await get(id).logs({ stdout: true, stderr: true, follow: false, tail: last }));
      await ended;
      return lines;
    },
  };
}

/** Whole lines of a stream that carries both outputs in frames, or, with a terminal, one without frames. */
function attachTo(docker: Docker, stream: NodeJS.ReadWriteStream, { tty, onLine }: AttachOptions): Attachment {
  const out = createLineSplitter((line) => onLine("stdout", line));
  const err = createLineSplitter((line) => onLine("stderr", line));
  if (tty === true) stream.on("data", out.push);
  else {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    stdout.on("data", out.push);
    stderr.on("data", err.push);
    // oxlint-disable-next-line typescript/no-unsafe-call, typescript/no-unsafe-member-access -- docker-modem has no types
    docker.modem.demuxStream(stream, stdout, stderr);
  }
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      // What was written to the pass-through streams is delivered in this turn's microtasks at the latest.
      setImmediate(() => {
        out.end();
        err.end();
        resolve();
      });
    };
    stream.once("end", end).once("close", end).once("error", end);
  });
  return {
    ended,
  };
}

function createOptions(spec: NewContainer): Docker.ContainerCreateOptions {
  const { network, healthcheck } = spec;
  return {
    name: spec.name,
    Image: spec.image,
    Labels: { ...spec.labels },
    Env: Object.entries(spec.env ?? {}).map(([name, value]) => `${name}=${value}`),
    Tty: spec.tty ?? false,
    ...(spec.entrypoint === undefined ? {} : { Entrypoint: [...spec.entrypoint] }),
    ...(spec.command === undefined ? {} : { Cmd: [...spec.command] }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.workingDirectory === undefined ? {} : { WorkingDir: spec.workingDirectory }),
    // A container that joins another's network has its name.
    ...(spec.hostname === undefined ? {} : { Hostname: spec.hostname }),
    ...(healthcheck === undefined ? {} : { Healthcheck: healthOptions(healthcheck) }),
    HostConfig: {
      NetworkMode: network.kind === "container" ? `container:${network.id}` : "none",
      Mounts: (spec.mounts ?? []).map(mountOptions),
      Init: spec.init ?? false,
      CapDrop: [...(spec.dropCapabilities ?? [])],
      CapAdd: [...(spec.addCapabilities ?? [])],
      ReadonlyRootfs: spec.readOnlyRoot ?? false,
      SecurityOpt: spec.noNewPrivileges === true ? ["no-new-privileges"] : [],
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "json-file", Config: { "max-size": "5m", "max-file": "2" } },
      ...(spec.sysctls === undefined ? {} : { Sysctls: { ...spec.sysctls } }),
      ...(spec.pidsLimit === undefined ? {} : { PidsLimit: spec.pidsLimit }),
      ...(spec.memoryLimit === undefined ? {} : { Memory: spec.memoryLimit, MemorySwap: spec.memoryLimit }),
      ...(spec.cpuLimit === undefined ? {} : { NanoCpus: Math.round(spec.cpuLimit * 1e9) }),
    },
  };
}

function healthOptions(check: Exclude<NewContainer["healthcheck"], undefined>): Docker.HealthConfig {
  if (check === "none") return { Test: ["NONE"] };
  const nano = (ms: number | undefined): number => (ms ?? 0) * 1e6;
  return {
    Test: [...check.test],
    Interval: nano(check.intervalMs),
    Timeout: nano(check.timeoutMs),
    StartPeriod: nano(check.startPeriodMs),
    Retries: check.retries ?? 0,
  };
}

function mountOptions(mount: EngineMount): Docker.MountSettings {
  if (mount.kind === "tmpfs") return { Type: "tmpfs", Source: "", Target: mount.target };
  return { Type: mount.kind, Source: mount.source ?? "", Target: mount.target, ReadOnly: mount.readOnly };
}

function imagesOf({ docker, ask }: EngineClient): PodEngine["images"] {
  const follow = (stream: NodeJS.ReadableStream, onText: (text: string) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      docker.modem.followProgress(
        stream,
        (error: Error | null) => (error === null ? resolve() : reject(error)),
        (event: { stream?: string; status?: string; error?: string }) => {
          // Failures come as events, and the stream ends as if nothing were.
          if (event.error !== undefined) reject(new Error(event.error));
          const text = (event.stream ?? event.status ?? "").trim();
          if (text !== "") onText(text);
        },
      );
    });
  return {
    inspect: async (reference) => {
      const facts = await unless(404, () => docker.getImage(reference).inspect());
      if (facts === undefined) return undefined;
      return {
        id: facts.Id,
        tags: facts.RepoTags,
        labels: facts.Config.Labels ?? {},
        size: facts.Size,
        architecture: facts.Architecture === "amd64" ? "x64" : facts.Architecture,
        entrypoint: [facts.Config.Entrypoint ?? []].flat(),
        command: facts.Config.Cmd,
        user: facts.Config.User,
        hasHealthcheck: facts.Config.Healthcheck !== undefined,
      };
    },
    pull: async (reference, onLine) => {
      const stream: NodeJS.ReadableStream = await ask(`pull ${reference}`, () => docker.pull(reference), slowMs);
      await ask(`pull ${reference}`, () => follow(stream, onLine), slowMs);
    },
    build: async ({ tag, context, dockerfile, args, labels, target }, onLine) => {
      const stream = await ask(`build ${tag}`, () =>
        docker.buildImage(
          { context, src: ["."] },
          {
            t: tag,
            dockerfile,
            forcerm: true,
            buildargs: { ...args },
            labels: { ...labels },
            ...(target === undefined ? {} : { target }),
          },
        ),
      );
      await ask(`build ${tag}`, () => follow(stream, onLine), slowMs);
      return tag;
    },
  };
}

async function unless<T>(status: number, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (typeof error === "object" && error !== null && "statusCode" in error && error.statusCode === status)
      return undefined;
    throw error;
  }
}
