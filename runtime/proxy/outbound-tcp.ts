import type { Cluster, TcpRoute } from "../model/snapshot.ts";
import { chooseByWeight } from "../traffic/choose-cluster.ts";
import { blackHoleCluster } from "../traffic/listener.ts";
import type { Binding } from "./binding.ts";
import type { Tracked } from "./context.ts";
import { openUpstream, targetKey, targetParty } from "./dial-upstream.ts";
import type { UpstreamTarget } from "./dial-upstream.ts";
import type { OutboundConnection } from "./outbound.ts";
import { chooseTarget, passthrough } from "./outbound-target.ts";
import { ignore } from "./server-handshake.ts";
import { splice, tcpIdleDetails, tcpIdleMs } from "./splice.ts";
import type { ReadySocket } from "./upstream.ts";

/** Clusters that this connection may be given to. */
function choicesOf(connection: OutboundConnection, binding: Binding): TcpRoute["clusters"] {
  const { traffic } = binding.outbound;
  const { address, port } = connection.destination;
  return traffic.tcp(traffic.listener(address, port), address, connection.sni);
}

function clusterCalled(name: string, binding: Binding): Cluster | undefined {
  if (name === blackHoleCluster) return undefined;
  return binding.outbound.cluster(name) ?? (name.startsWith("outbound|") ? undefined : passthrough(name));
}

/** Opaque bytes from the own program: one cluster, one endpoint, bytes both ways. */
export function serveOutboundTcp(connection: OutboundConnection): void {
  const { sidecar, socket } = connection;
  const { shared } = sidecar;
  const name = chooseByWeight(choicesOf(connection, sidecar.binding()), shared.draw)?.cluster ?? "";
  const cluster = clusterCalled(name, sidecar.binding());
  // A route of a VirtualService to what does not exist (spec traffic 2.14.4).
  const isMissing = cluster === undefined && name !== blackHoleCluster;
  const settings = JSON.stringify(cluster?.tls);
  let target: UpstreamTarget | undefined;
  let upstream: ReadySocket | undefined;
  let told = false;
  let close = (): void => {
    cancel();
    socket.destroy();
    tell("-", "-", 0, 0);
  };

  function tell(flags: string, details: string, bytesIn: number, bytesOut: number): void {
    if (told) return;
    told = true;
    sidecar.tracked.delete(tracked);
    const { reporter, clock } = shared;
    const { address, port } = connection.destination;
    reporter.add({
      kind: "connection",
      id: reporter.nextId("c"),
      at: clock.now(),
      generation: sidecar.binding().generation,
      proxy: sidecar.proxy,
      side: "outbound",
      from: connection.from,
      to:
        target === undefined
          ? { workload: null, address: `${address}:${port}`, spiffe: null }
          : targetParty(sidecar, target, upstream?.spiffe ?? null),
      flags,
      details,
      handshake: upstream?.handshake ?? null,
      sni: connection.sni ?? null,
      cluster: isMissing ? null : name,
      endpoint: target === undefined ? null : `${target.address}:${target.port}`,
      ms: clock.monotonic() - connection.acceptedAt,
      bytesIn,
      bytesOut,
      decision: undefined,
    });
  }

  const tracked: Tracked = {
    recheck: (binding) => {
      if (shared.drain === "istio") return;
      const still = choicesOf(connection, binding).some((choice) => choice.cluster === name);
      // Another cluster or other TLS would be used today: a fresh connection must find that out.
      if (!still || JSON.stringify(clusterCalled(name, binding)?.tls) !== settings) close();
    },
    close: () => {
      close();
    },
  };
  let cancel: () => void = ignore;
  sidecar.tracked.add(tracked);

  const chosen =
    cluster === undefined
      ? undefined
      : chooseTarget(sidecar, sidecar.binding(), cluster, connection.destination, new Set());
  if (cluster === undefined || chosen === undefined) {
    socket.destroy();
    sidecar.counts.failed += 1;
    if (isMissing) tell("NC", "cluster_not_found", 0, 0);
    else tell("UH", "no_healthy_upstream", 0, 0);
    return;
  }
  target = { ...chosen, cluster, protocol: "tcp", authority: "" };
  socket.on("close", () => {
    if (upstream !== undefined || told) return;
    cancel();
    tell("DC", "downstream_remote_disconnect", 0, 0);
  });
  cancel = openUpstream(sidecar, target, targetKey(sidecar, target), (result) => {
    if (result.kind === "failed") {
      sidecar.counts.failed += 1;
      const why = `${result.reason}${result.transport === "" ? "" : `|${result.transport}`}`;
      tell("UF,URX", why.replaceAll(/\s/g, "_"), 0, 0);
      socket.destroy();
      return;
    }
    if (socket.destroyed) {
      result.socket.destroy();
      return;
    }
    upstream = result;
    const pass = splice(socket, upstream.socket, {
      early: connection.early,
      idleMs: tcpIdleMs,
      onEnd: (sum) => {
        const reset = sum.first === "b" && isReset(sum.error);
        const details = reset ? "connection_termination" : sum.idle ? tcpIdleDetails : "-";
        tell(reset ? "UR" : "-", details, sum.forward, sum.backward);
      },
    });
    close = pass.close;
  });
}

/** An alert ends a connection too, but nobody reset it. */
function isReset(error: Error | undefined): boolean {
  return error !== undefined && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
