import { resolve } from "node:path";
import { MeshError } from "../../runtime/core/error.ts";
import type { WorkloadLogged } from "../../runtime/model/event.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import type { Context } from "../context.ts";
import {
  chooseProject,
  type ChosenProject,
  foundInstead,
  isFolder,
  isProjectFolder,
  type ProjectOptions,
} from "../discovery.ts";
import { type MeshClient, type SessionInfo, type StartOptions, type StartedDaemon, openDoor } from "../door.ts";
import { exitCodes, ExitWith } from "../exit-code.ts";
import { eventLine } from "../print/event-line.ts";
import { createPrinter, type OutputOptions, type Printer } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg } from "../print/segment.ts";
import { statusLines } from "../print/status.ts";
import { judgeReadiness } from "../readiness.ts";
import { requireFilter } from "../session.ts";
import { defaultTimeoutMs, waitUntil } from "../wait.ts";
import { failureError, wantsScreen, watchMesh, type WatchOptions } from "./watch.ts";

export interface UpOptions extends ProjectOptions, OutputOptions, WatchOptions {
  readonly detach?: boolean;
  readonly watch?: boolean;
  readonly timeout?: number;
  readonly allowInvalid?: boolean;
  readonly freshCa?: boolean;
  readonly ca?: string;
  readonly svidTtl?: number;
  readonly drain?: "strict" | "istio";
  readonly capture?: "auto" | "pods" | "hook";
}

export async function up(services: readonly string[], options: UpOptions, context: Context): Promise<number> {
  const { names, ...named } = withPaths(services, options, context.cwd);
  const project = chooseProject(context.cwd, { ...options, ...named });
  const instead = project.chosen.files === undefined ? foundInstead(project.directory) : undefined;
  if (instead !== undefined)
    createPrinter(context, options.color).note([
      [seg("using "), seg(sanitize(instead), "strong"), seg(": there is no meshdev.yaml", "dim")],
    ]);
  return runMesh(project, names, await withProfiles(project, options), context);
}

/** `up compose.yaml` and `up ./shop`: what is a file or a folder is no service. */
function withPaths(
  words: readonly string[],
  { file, directory }: UpOptions,
  cwd: string,
): Pick<UpOptions, "file" | "directory"> & { readonly names: readonly string[] } {
  const isFile = (word: string): boolean => /\.ya?ml$/.test(word);
  const isPlace = (word: string): boolean => /[\\/]|^\.{1,2}$/.test(word) && isFolder(resolve(cwd, word));
  const [place, ...more] = words.filter((word) => !isFile(word) && isPlace(word));
  const files = [...(file ?? []), ...words.filter(isFile), ...more];
  const isProject = place !== undefined && isProjectFolder(resolve(cwd, place));
  if (place !== undefined && !isProject) files.push(place);
  return {
    names: words.filter((word) => !isFile(word) && !isPlace(word)),
    ...(files.length === 0 ? {} : { file: files }),
    ...(isProject ? { directory: place } : directory === undefined ? {} : { directory }),
  };
}

/** The options with what the chosen profiles set; what was asked for on the command line stays. */
async function withProfiles({ directory, chosen }: ChosenProject, options: UpOptions): Promise<UpOptions> {
  if (chosen.profiles === undefined || options.plain === true) return options;
  const { ui } = await (await openDoor()).profileSettings(directory, chosen);
  return ui === "plain" ? { ...options, plain: true } : options;
}

/** Starts a project or joins it when it runs, and watches it until the end, or returns when it is ready (`-d`). */
export async function runMesh(
  { directory, chosen }: ChosenProject,
  services: readonly string[],
  options: UpOptions,
  context: Context,
): Promise<number> {
  requireFilter(options.filter, directory);
  const door = await openDoor();
  const printer = createPrinter(context, options.color);
  const running = await door.findSession(directory);
  const detach = options.detach === true;
  if (running !== undefined) {
    printer.note([
      [seg("already running: "), seg(sanitize(running.directory), "strong"), seg(detach ? "" : ", attaching")],
    ]);
    const client = await door.connect(running);
    if (!detach) return watchMesh({ door, session: running, client, started: undefined }, options, context);
    printReady(
      printer,
      running,
      await waitUntil(
        client,
        (state) => judgeReadiness(state, services),
        options.timeout ?? defaultTimeoutMs,
        context.signal,
      ),
    );
    return exitCodes.ok;
  }
  const starting = door.startDaemon(startOptions({ directory, chosen }, services, options));
  if (!detach && wantsScreen(options, context)) void preloadScreen();
  const started = await starting;
  try {
    const { session } = started;
    const client = await door.connect(session);
    if (!detach) return await watchMesh({ door, session, client, started }, options, context);
    const printed = collectLogs(client);
    try {
      await requireStart(started, options.timeout ?? defaultTimeoutMs, context.signal);
    } catch (error) {
      // The mesh is gone, and with it what its programs said last.
      printer.note(printed.lines().flatMap((event) => [eventLine(event, printer.glyphs) ?? []]));
      throw error;
    } finally {
      printed.stop();
    }
    printReady(printer, session, await client.state());
    return exitCodes.ok;
  } finally {
    started.release();
  }
}

/** Keeps the last lines that programs print. */
function collectLogs(client: MeshClient): {
  readonly lines: () => readonly WorkloadLogged[];
  readonly stop: () => void;
} {
  const stop = new AbortController();
  const lines: WorkloadLogged[] = [];
  const read = async (): Promise<void> => {
    for await (const line of client.events({ replay: true, signal: stop.signal })) {
      if (line.type === "workload.logged") lines.push(line);
      if (lines.length > 10) lines.shift();
    }
  };
  // A daemon that goes away ends the stream; why it went is said elsewhere.
  void read().catch(() => undefined);
  return {
    lines: () => lines,
    stop: () => {
      stop.abort();
    },
  };
}

/** The screen loads while the daemon starts; what goes wrong with it is seen when it is used. */
async function preloadScreen(): Promise<void> {
  const { loadScreen } = await import("../tui/load-screen.ts");
  await loadScreen().catch(() => undefined);
}

function startOptions(project: ChosenProject, services: readonly string[], options: UpOptions): StartOptions {
  return {
    ...project,
    services,
    watch: options.watch !== false,
    allowInvalid: options.allowInvalid === true,
    freshCa: options.freshCa === true,
    caDirectory: options.ca,
    svidTtlMs: options.svidTtl,
    drain: options.drain ?? "strict",
    capture: options.capture ?? "auto",
    detach: options.detach === true,
  };
}

/** Waits until the daemon says that everything is ready; throws what it says otherwise. */
export async function requireStart(started: StartedDaemon, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(timeoutMs);
  const outcome = await Promise.race([started.ready, untilAborted(AbortSignal.any([signal, late]))]);
  if (outcome === "aborted") {
    if (signal.aborted) throw new ExitWith(Number(signal.reason));
    throw new MeshError("MD8002", `not ready after ${timeoutMs / 1000} s`, {
      hint: "The mesh was stopped. Run it without -d to see what it waits for, or allow more time with --timeout.",
    });
  }
  if (!outcome.ok) throw failureError(outcome.failure);
}

function untilAborted(signal: AbortSignal): Promise<"aborted"> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve("aborted");
    signal.addEventListener("abort", () => {
      resolve("aborted");
    });
  });
}

function printReady(printer: Printer, session: SessionInfo, state: MeshState): void {
  printer.note([
    ...statusLines(state),
    ...state.workloads.flatMap((workload) =>
      workload.published.map(({ hostPort }) => [
        seg("  "),
        seg(sanitize(workload.service), "strong"),
        seg(`  http://localhost:${hostPort}`, "info"),
      ]),
    ),
    [
      seg(
        `  watch it with \`meshdev attach\`, stop it with \`meshdev down\` (in ${sanitize(session.directory)})`,
        "dim",
      ),
    ],
  ]);
}
