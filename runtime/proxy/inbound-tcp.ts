import type { Socket } from "node:net";
import type { Decision } from "../model/decision.ts";
import type { NextCustomStep } from "../policy/custom.ts";
import { noRequest, unasked } from "../traffic/ext-authz/authorized.ts";
import type { Binding } from "./binding.ts";
import type { Tracked } from "./context.ts";
import { dial, transportOf } from "./dial-app.ts";
import { denialDetails, tcpFacts } from "../traffic/facts.ts";
import { askAboutConnection, gateFirstBytes, stillAuthorized } from "./ext-authz/connection-gate.ts";
import { follow } from "./follow.ts";
import { isStillAccepted } from "./inbound-connection.ts";
import type { InboundConnection } from "./inbound-connection.ts";
import type { DecisionRef } from "./record.ts";
import { ignore } from "./server-handshake.ts";
import { splice, tcpIdleDetails, tcpIdleMs } from "./splice.ts";

const connectTimeoutMs = 10_000;
const notAsked: Decision = { verdict: "deny", reason: "ext-authz-error", by: undefined };

/**
 * Opaque bytes from a caller to the own application. The application is dialled at once, the decision is made when the
 * caller's first bytes or its end arrive (spec AP-59), and made again under every new snapshot.
 */
export function serveInboundTcp(connection: InboundConnection): void {
  const { sidecar, socket } = connection;
  const { shared } = sidecar;
  const counts = sidecar.counts;
  const facts = tcpFacts(connection.facts);
  let decided: DecisionRef | undefined;
  let refusal: { readonly flags: string; readonly details: string } | undefined;
  let said = unasked(noRequest);
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
      caller: connection.facts,
      extAuthz: said.calls.length === 0 ? undefined : said.calls,
    });
  }

  function decide(binding: Binding): Decision {
    const { set, decide: ask, custom } = binding.inbound.tcp;
    // Nobody can be asked any more about bytes that flow: a fresh connection will be.
    const seen = stillAuthorized(custom, facts, said);
    const decision = seen === undefined ? notAsked : ask(seen);
    decided = { set, decision, facts: seen ?? facts, listener: connection.listener };
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
    const binding = follower.binding();
    const { custom } = binding.inbound.tcp;
    if (custom === undefined) pass(app, 0);
    else hold(app, binding, custom);
  }

  function pass(app: Socket, before: number): void {
    const spliced = splice(socket, app, {
      early: connection.early,
      idleMs: tcpIdleMs,
      onForward: () => decided !== undefined || admit(),
      onEnd: (sum) => {
        if (sum.idle) refusal = { flags: "-", details: tcpIdleDetails };
        tell(sum.forward, before + sum.backward, true);
      },
    });
    close = spliced.close;
  }

  /** External authorizers are asked when the caller's first bytes arrive, like everybody else. */
  function hold(app: Socket, binding: Binding, custom: NextCustomStep): void {
    let giveUp: (() => void) | undefined;
    const gate = gateFirstBytes(socket, app, connection.early, () => {
      giveUp = askAboutConnection(connection, binding, custom, facts, (verdict) => {
        ({ said } = verdict);
        if (verdict.refusal !== undefined) {
          decided = { set: binding.inbound.tcp.set, decision: verdict.refusal, facts, listener: connection.listener };
          counts.denied += 1;
          if (verdict.refusal.reason !== "matched") refusal = { flags: "UAEX", details: "-" };
          leave();
          return;
        }
        socket.off("close", leave);
        app.off("close", leave);
        pass(app, gate.open());
      });
    });
    const leave = (): void => {
      giveUp?.();
      socket.off("close", leave);
      app.off("close", leave);
      const backward = gate.open();
      socket.destroy();
      app.destroy();
      tell(0, backward, true);
    };
    app.on("error", ignore);
    socket.on("close", leave);
    app.on("close", leave);
    close = leave;
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
      begin(result.socket);
    },
  );
  socket.on("close", onEarlyClose);
}
