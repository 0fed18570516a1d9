import type Docker from "dockerode";
import { MeshError } from "../../core/error.ts";
import { findEngine, type EngineAddress, type EngineSurroundings } from "./engine-address.ts";
import { engineFault } from "./engine-fault.ts";

export interface EngineClient {
  readonly docker: Docker;
  readonly address: EngineAddress;
  /** `Docker Engine - Community 28.2.2`. */
  readonly title: string;
  readonly kind: "docker" | "podman";
  readonly rootless: boolean;
  readonly limitsMemory: boolean;
  /** Asks for something, at most so long. @throws MeshError MD6021 to MD6029 */
  readonly ask: <T>(what: string, request: () => Promise<T>, ms?: number) => Promise<T>;
}

const pingMs = 5000;
const usualMs = 30_000;

/** Connects to the engine of this machine. @throws MeshError MD6021, MD6022 or MD6023 when it cannot be used */
export async function openEngine(around: EngineSurroundings): Promise<EngineClient> {
  const address = findEngine(around);
  const { default: Client } = await import("dockerode");
  // A TCP address needs no more: its TLS files are those of DOCKER_CERT_PATH, which the library reads.
  const docker = address.url.startsWith("unix://")
    ? new Client({ socketPath: address.url.slice("unix://".length) })
    : new Client(tcpOptions(address));
  const ask: EngineClient["ask"] = async (what, request, ms = usualMs) => {
    try {
      return await within(request(), ms, `${address.url} gave no answer within ${ms / 1000} s (${what})`);
    } catch (error) {
      throw engineFault(error, what, address);
    }
  };
  await ask("ping", () => docker.ping(), pingMs);
  const version = await ask("tell its version", () => docker.version());
  const info: { readonly SecurityOptions?: readonly string[]; readonly MemoryLimit?: boolean } = await ask(
    "tell about itself",
    () => docker.info(),
  );
  const parts: readonly { readonly Name: string }[] = version.Components ?? [];
  const kind = parts.some(({ Name }) => Name.includes("Podman")) ? "podman" : "docker";
  return {
    docker,
    address,
    // Podman's platform names the distribution instead.
    title: kind === "podman" ? `Podman ${version.Version}` : `${version.Platform?.Name || "Docker"} ${version.Version}`,
    kind,
    rootless:
      (info.SecurityOptions ?? []).some((option) => option.includes("rootless")) ||
      (around.env["XDG_RUNTIME_DIR"] !== undefined && address.url.includes(around.env["XDG_RUNTIME_DIR"])),
    limitsMemory: info.MemoryLimit ?? false,
    ask,
  };
}

function tcpOptions({ url, source }: EngineAddress): Docker.DockerOptions {
  const { protocol, hostname, port } = new URL(url);
  if (protocol === "tcp:" || protocol === "http:" || protocol === "https:") {
    return {
      protocol: protocol === "https:" || port === "2376" ? "https" : "http",
      host: hostname,
      port: Number(port === "" ? 2375 : port),
    };
  }
  if (protocol === "ssh:") return { protocol: "ssh", host: hostname, port: Number(port === "" ? 22 : port) };
  throw new MeshError("MD6022", `${url} (from ${source}) cannot be used from here`, { hint: "use unix:// or tcp://" });
}

async function within<T>(request: Promise<T>, ms: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new MeshError("MD6021", message, { hint: "look at the engine's log, or restart it" })),
      ms,
    );
  });
  try {
    return await Promise.race([request, late]);
  } finally {
    clearTimeout(timer);
  }
}
