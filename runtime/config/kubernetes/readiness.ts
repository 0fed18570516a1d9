import type { PortSpec } from "../project-ports.ts";
import type { ReadySpec } from "../project-readiness.ts";
import type { Container, ProbeSpec } from "../shapes-workloads.ts";

/** How often a probe is asked: kubelet's ten seconds would make every start slow. */
const everyMs = 1000;

export interface Readiness {
  /** Undefined: when the ports accept, as without a probe. */
  readonly ready: ReadySpec | undefined;
  /** The probe that cannot be asked as it is written, and why. */
  readonly missed?: { readonly field: string; readonly why: string };
}

/** A container's readiness probe, else its startup probe. */
export function readReadiness(container: Container, ports: readonly PortSpec[], path: string): Readiness {
  const name = container.readinessProbe === undefined ? "startupProbe" : "readinessProbe";
  const probe: ProbeSpec | undefined = container[name];
  if (probe === undefined) return { ready: undefined };
  const field = `${path}.${name}`;
  if (probe.httpGet !== undefined) {
    const { path: asked = "/", scheme = "HTTP" } = probe.httpGet;
    const port = probedPort(probe.httpGet.port, ports);
    if (port === undefined)
      return { ready: undefined, missed: { field, why: `its port ${String(probe.httpGet.port)} is not declared` } };
    if (scheme !== "HTTP") return { ready: undefined, missed: { field, why: "it speaks HTTPS" } };
    return { ready: { kind: "http", path: asked.startsWith("/") ? asked : `/${asked}`, port, everyMs } };
  }
  if (probe.tcpSocket !== undefined) return { ready: { kind: "ports" } };
  return {
    ready: undefined,
    missed: { field, why: probe.exec === undefined ? "it speaks gRPC" : "it runs a command in the container" },
  };
}

function probedPort(port: unknown, ports: readonly PortSpec[]): number | undefined {
  if (typeof port === "number") return port;
  return ports.find(({ name }) => name === port)?.target;
}
