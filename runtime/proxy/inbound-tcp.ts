import type { Socket } from "node:net";
import type { Decision } from "../model/decision.ts";
import type { Binding } from "./binding.ts";
import type { Tracked } from "./context.ts";
import { dial, transportOf } from "./dial-app.ts";
import { denialDetails, tcpFacts } from "./facts.ts";
import { follow } from "./follow.ts";
import { isStillAccepted } from "./inbound-connection.ts";
import type { InboundConnection } from "./inbound-connection.ts";
import type { DecisionRef } from "./record.ts";
import { splice } from "./splice.ts";

const connectTimeoutMs = 10_000;

/**
 * Opaque bytes from a caller to the own application. The application is dialled at once, the decision is made when the
 * caller's first bytes arrive (spec AP-59), and made again under every new snapshot.
 */
export function serveInboundTcp(connection: InboundConnection): void {
  const { sidecar, socket } = connection;
  const { shared } = sidecar;
  const counts = shared.reporter.counts(sidecar.proxy);
  const facts = tcpFacts(connection.facts);
  let decided: DecisionRef | undefined;
  let refusal: { readonly flags: string; readonly details: string } | undefined;
  let told = false;

  function tell(bytesIn: number, bytesOut: number, reached: boolean): void {
    if (told) return;
    told = true;
    sidecar.tracked.delete(tracked);
    follower.end();
    counts.requests += 1;
    const { reporter, clock } = shared;
    const denied = decided?.decision.verdict === "deny";
    reporter.add({
      kind: "connection",
      id: reporter.nextId("c"),
      at: clock.now(),
      generation: sidecar.binding().generation,
      proxy: sidecar.proxy,
      side: "inbound",
      from: connection.from,
      to: connection.to,
      flags: refusal?.flags ?? "-",
      details:
        denied && decided !== undefined ? denialDetails(decided.set, decided.decision) : (refusal?.details ?? "-"),
      handshake: connection.tls?.handshake ?? null,
      sni: connection.facts.sni ?? null,
      cluster: connection.listener.cluster,
      endpoint: reached ? connection.to.address : null,
      ms: clock.monotonic() - connection.acceptedAt,
      bytesIn,
      bytesOut,
      decision: decided,
    });
  }

  function decide(binding: Binding): Decision {
    const { set, decide: ask } = binding.inbound.tcp;
    const decision = ask(facts);
    decided = { set, decision, facts };
    return decision;
  }

  function admit(): boolean {
    const { verdict } = decide(follower.binding());
    if (verdict === "deny") counts.denied += 1;
    else counts.allowed += 1;
    return verdict === "allow";
  }

  /** The caller left while the application was being dialled. */
  function onEarlyClose(): void {
    cancel();
    tell(0, 0, false);
  }

  function begin(app: Socket): void {
    socket.off("close", onEarlyClose);
    const pass = splice(socket, app, {
      onForward: () => decided !== undefined || admit(),
      onEnd: (sum) => {
        tell(sum.forward, sum.backward, true);
      },
    });
    close = pass.close;
  }

  let close = (): void => {
    cancel();
    socket.destroy();
    tell(0, 0, false);
  };

  function change(): void {
    refusal = { flags: "-", details: "filter_chain_changed" };
    close();
  }

  const follower = follow(connection, {
    obey: (next) => {
      if (!isStillAccepted(connection, next)) {
        change();
      } else if (decided !== undefined && decide(next).verdict === "deny") {
        counts.denied += 1;
        close();
      }
    },
    drain: () => undefined,
    cut: change,
  });
  const tracked: Tracked = {
    recheck: follower.recheck,
    close: () => {
      close();
    },
  };
  sidecar.tracked.add(tracked);

  const cancel = dial(
    sidecar,
    sidecar.app(connection.listener.appPort ?? connection.port).address,
    connectTimeoutMs,
    undefined,
    (result) => {
      if (!result.ok) {
        refusal = {
          flags: "UF,URX",
          details: result.timeout ? "connection timeout" : transportOf(result.error).replaceAll(" ", "_"),
        };
        counts.failed += 1;
        socket.destroy();
        tell(0, 0, false);
        return;
      }
      if (connection.early.length > 0) socket.unshift(connection.early);
      begin(result.socket);
    },
  );
  socket.on("close", onEarlyClose);
}
