import { blackHoleCluster } from "../traffic/listener.ts";
import type { OutboundListener } from "../model/snapshot.ts";
import { sniffHttp } from "../wire/sniff.ts";
import { offerFor } from "./client-tls.ts";
import { deliver } from "./deliver.ts";
import { chooseByWeight } from "../traffic/choose-cluster.ts";
import { needsServerName } from "../traffic/tcp-route.ts";
import { chooseTarget, type Dialled, type Leaving } from "./leaving.ts";
import { leaveHttp } from "./outbound-http.ts";
import type { Answer, Payload } from "./payload.ts";
import type { ProxyFacts, Trace } from "./trace.ts";
import { failureOf, peerOf } from "./upstream.ts";
import type { PaperProxy, PaperWorld } from "./world.ts";

/** A connection that a program opens: through its sidecar, or straight where it has none. */
export function dial(
  world: PaperWorld,
  caller: { readonly address: string; readonly proxy: PaperProxy | undefined },
  dialled: Dialled,
  payload: Payload,
  trace: Trace,
): Answer {
  const { address, proxy } = caller;
  return proxy === undefined
    ? deliver(world, address, dialled, payload, trace)
    : leave(world, proxy, dialled, payload, trace);
}

function leave(world: PaperWorld, proxy: PaperProxy, dialled: Dialled, payload: Payload, trace: Trace): Answer {
  // A pod's connections to itself do not pass its sidecar (recorded: inbound/self-call).
  if (dialled.address === proxy.workload.address || dialled.address.startsWith("127.")) {
    return world.programs(proxy.workload, dialled.port, payload, trace);
  }
  const note = (facts: Partial<ProxyFacts>): void => {
    trace.proxies.push({ ...blank(proxy), ...facts });
  };
  const leaving = { world, proxy, dialled, trace, note };
  const listener = proxy.outbound.listener(dialled.address, dialled.port);
  if (listener === undefined || listener.protocol === "tcp" || payload.kind === "tls") {
    return leaveTcp(leaving, listener, payload);
  }
  if (payload.kind === "h2") return leaveHttp(leaving, listener, payload);
  const sniffed = sniffHttp(payload.bytes);
  if (sniffed === "need-more") return { kind: "hang" };
  if (sniffed === "too-long") return { kind: "closed" };
  const { http10 } = proxy.snapshot.outbound.options;
  if (sniffed === "http/1.1" || (sniffed === "http/1.0" && http10)) return leaveHttp(leaving, listener, payload);
  return leaveTcp(leaving, listener, payload);
}

function leaveTcp(leaving: Leaving, listener: OutboundListener | undefined, payload: Payload): Answer {
  const { world, proxy, trace } = leaving;
  const sni = needsServerName(listener) && payload.kind === "tls" ? payload.offer.sni?.toLowerCase() : undefined;
  const choices = proxy.outbound.tcp(listener, leaving.dialled.address, sni);
  const name = chooseByWeight(choices, world.draw)?.cluster;
  const cluster = name === undefined ? undefined : proxy.snapshot.outbound.clusters[name];
  const note = (facts: Partial<ProxyFacts>): void => {
    leaving.note({ cluster: name, sni, ...facts });
  };
  // A route to what does not exist (spec traffic 2.14.4).
  if (cluster === undefined) {
    note({ flags: "NC", cluster: undefined });
    return { kind: "closed" };
  }
  const target = chooseTarget(leaving, cluster, undefined);
  if (target === undefined || name === blackHoleCluster) {
    note({ flags: "UH" });
    return { kind: "closed" };
  }
  const tls = offerFor(world, proxy, cluster, target.endpoint, "tcp", "");
  const sent: Payload = tls === undefined ? payload : { kind: "tls", offer: tls, inner: payload };
  const answer = deliver(world, proxy.workload.address, target, sent, trace);
  const failure = failureOf(answer, tls !== undefined);
  if (failure === undefined) {
    note({ attempts: 1, upstreamPeer: peerOf(answer) });
    // The caller's own TLS ends at the program; the proxy's is not its business.
    return tls === undefined ? answer : withoutTls(answer);
  }
  if (failure.reason === "connection termination") {
    const reset = answer.kind === "closed" && answer.reset === true;
    note({ attempts: 1, upstreamPeer: peerOf(answer), ...(reset ? { flags: "UR" } : {}) });
    return { kind: "closed" };
  }
  note({ attempts: 1, flags: "UF,URX" });
  return { kind: "closed" };
}

/** Takes the session of the proxies out of an answer; what the program's own TLS said stays. */
function withoutTls(answer: Answer): Answer {
  if (answer.kind === "hang" || answer.kind === "refused" || answer.kind === "tls-failed") return answer;
  const { tls, ...rest } = answer;
  return tls?.inside === undefined ? rest : { ...rest, tls: tls.inside };
}

function blank(proxy: PaperProxy): ProxyFacts {
  return {
    proxy: proxy.workload.id,
    side: "outbound",
    code: 0,
    details: undefined,
    flags: undefined,
    route: undefined,
    cluster: undefined,
    peer: undefined,
    upstreamPeer: undefined,
    sni: undefined,
    attempts: 0,
    path: undefined,
    filterChain: undefined,
    termination: undefined,
    decision: undefined,
    because: [],
  };
}
