import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { MeshError } from "../../core/error.ts";

/** Where a container engine is asked for, and what said so. */
export interface EngineAddress {
  readonly url: string;
  /** `DOCKER_HOST`, `the docker context desktop-linux`, `the usual places`. */
  readonly source: string;
}

export interface EngineSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** As the docker command finds it: DOCKER_HOST, then the context, then the usual places. @throws MeshError MD6022 when nothing is there */
export function findEngine(around: EngineSurroundings): EngineAddress {
  const { env, home } = around;
  const host = env["DOCKER_HOST"] ?? "";
  if (host !== "")
    return { url: checked(isAbsolute(host) ? `unix://${host}` : host, "DOCKER_HOST"), source: "DOCKER_HOST" };
  const context = contextAddress(env, home);
  if (context !== undefined) return context;
  const places = usualPlaces(around);
  const found = places.find((path) => existsSync(path));
  if (found !== undefined) return { url: `unix://${found}`, source: "the usual places" };
  throw new MeshError("MD6022", `no container engine is there: none of ${places.join(", ")} exists`, {
    hint: "start Docker or Podman (`systemctl start docker`, `systemctl --user start podman.socket`), or set DOCKER_HOST",
  });
}

function checked(url: string, source: string): string {
  if (/^(?:unix:\/\/\/|npipe:\/\/|tcp:\/\/|https?:\/\/|ssh:\/\/)./.test(url)) return url;
  throw new MeshError("MD6022", `${source} is ${url}, which is no address of an engine`, {
    hint: "write it like unix:///var/run/docker.sock or tcp://host:2375",
  });
}

/** Sockets of Docker, rootless Docker, Docker Desktop, Colima, Rancher, OrbStack, Lima and Podman. */
export function usualPlaces({ env, home }: EngineSurroundings): readonly string[] {
  const own = env["XDG_RUNTIME_DIR"] ?? "";
  return [
    "/var/run/docker.sock",
    ...[".docker/run/docker.sock", ".docker/desktop/docker.sock"].map((path) => join(home, path)),
    ...(own === "" ? [] : [join(own, "docker.sock")]),
    ...[".colima/default/docker.sock", ".config/colima/default/docker.sock"].map((path) => join(home, path)),
    ...[".rd/docker.sock", ".orbstack/run/docker.sock", ".lima/default/sock/docker.sock"].map((path) =>
      join(home, path),
    ),
    ...(own === "" ? [] : [join(own, "podman/podman.sock")]),
    "/run/podman/podman.sock",
  ];
}

/** What `docker context use` chose; undefined: nothing, or the default. */
function contextAddress(env: EngineSurroundings["env"], home: string): EngineAddress | undefined {
  const folder = env["DOCKER_CONFIG"] ?? join(home, ".docker");
  const name = env["DOCKER_CONTEXT"] ?? field(readJson(join(folder, "config.json")), "currentContext");
  if (typeof name !== "string" || name === "" || name === "default") return undefined;
  const file = join(folder, "contexts/meta", createHash("sha256").update(name).digest("hex"), "meta.json");
  const host = field(field(field(readJson(file), "Endpoints"), "docker"), "Host");
  const source = `the docker context ${name}`;
  if (typeof host === "string") return { url: checked(host, source), source };
  throw new MeshError("MD6022", `${source} does not exist`, { hint: "`docker context ls` shows those that do" });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
