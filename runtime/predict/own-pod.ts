import type { Workload } from "../model/mesh.ts";
import type { Answer, Payload } from "./payload.ts";
import type { Trace } from "./trace.ts";
import type { PaperWorld } from "./world.ts";

/** What a sidecar finds when it dials a port of its own pod. The port for what leaves takes no such connection. */
export function dialOwnPod(
  world: PaperWorld,
  workload: Workload,
  port: number,
  payload: Payload,
  trace: Trace,
): Answer {
  if (port === proxyPort(world, "proxyListenPort", 15_001)) return { kind: "closed" };
  return world.programs(workload, port, payload, trace);
}

/** A port of the sidecar itself, as the mesh configuration names it. */
export function proxyPort(world: PaperWorld, field: string, fallback: number): number {
  const port = world.mesh.config.raw[field];
  return typeof port === "number" && port > 0 ? port : fallback;
}
