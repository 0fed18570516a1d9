import { receive } from "./inbound.ts";
import { proxyPort } from "./own-pod.ts";
import type { Answer, Payload } from "./payload.ts";
import type { Trace } from "./trace.ts";
import type { PaperWorld } from "./world.ts";

/** A connection to a model address, whoever opens it: to the sidecar that guards it, else to the program. A VIP leads to a ready pod. */
export function deliver(
  world: PaperWorld,
  sourceIp: string,
  target: { readonly address: string; readonly port: number },
  payload: Payload,
  trace: Trace,
): Answer {
  const direct = world.workloadAt(target.address);
  const found =
    direct === undefined ? world.behindVip(target.address, target.port) : { workload: direct, port: target.port };
  if (found === undefined) return { kind: "refused" };
  const proxy = world.proxy(found.workload);
  if (proxy === undefined) return world.programs(found.workload, found.port, payload, trace);
  // The sidecar's own port for what arrives leads nowhere, and leaves no access log (recorded: inbound/undeclared-port).
  if (found.port === proxyPort(world, "proxyInboundListenPort", 15_006)) return { kind: "closed", reset: true };
  return receive(world, proxy, { port: found.port, sourceIp, payload }, trace);
}
