import { describe, expect, it } from "vitest";
import { isPassedOn, liveOutcome, programOutcome } from "../../../runtime/live/outcome.ts";
import type { DecisionRecord } from "../../../runtime/model/decision.ts";
import type { ConnectionEvent, ExchangeEvent, HandshakeEvent } from "../../../runtime/model/event.ts";

const party = { workload: null, address: "10.244.0.1:1", spiffe: null };
const stamp = { id: "r-1", at: "2026-01-01T00:00:00.000Z", generation: 1 };
const decision = (verdict: "allow" | "deny"): DecisionRecord => ({
  verdict,
  reason: verdict === "deny" ? "no-allow-matched" : "no-policy",
  by: null,
  details: null,
  tried: [],
  note: null,
});
const exchange = (change: Partial<ExchangeEvent>): ExchangeEvent => ({
  ...stamp,
  type: "exchange.completed",
  proxy: "backend-1",
  side: "inbound",
  protocol: "HTTP/1.1",
  from: party,
  to: party,
  method: "GET",
  authority: "backend",
  path: "/",
  originalPath: null,
  requestId: "x",
  status: 200,
  flags: "-",
  details: "via_upstream",
  handshake: null,
  route: null,
  routeAt: null,
  cluster: null,
  endpoint: "10.244.0.2:8080",
  attempts: 1,
  timing: { total: 1, upstream: 1 },
  bytes: { in: 0, out: 0 },
  decision: null,
  headers: null,
  ...change,
});
const connection = (change: Partial<ConnectionEvent>): ConnectionEvent => ({
  ...stamp,
  type: "connection.closed",
  proxy: "db-1",
  side: "inbound",
  from: party,
  to: party,
  flags: "-",
  details: "-",
  handshake: null,
  sni: null,
  cluster: null,
  endpoint: null,
  ms: 1,
  bytes: { in: 0, out: 0 },
  decision: null,
  ...change,
});
const failed: HandshakeEvent = {
  ...stamp,
  type: "handshake.failed",
  side: "server",
  from: party,
  to: party,
  tls: { version: null, cipher: null, alpn: null, sni: null, resumed: false },
  local: null,
  peer: null,
  ms: 1,
  failure: {
    step: "plaintext",
    alert: null,
    reason: "plaintext under STRICT",
    because: [
      { resource: "PeerAuthentication default/a", file: "a.yaml", line: 7, column: 5, field: "spec.mtls.mode" },
    ],
  },
};
const nothing = { inbound: undefined, outbound: undefined, failure: undefined };
const answered = { status: 200, localPort: undefined, error: undefined };
const silent = { status: undefined, localPort: 1, error: "closed without an answer" };

describe("what became of a call for real", () => {
  it("is what the server's sidecar decided, as far as it came", () => {
    const verdict = (inbound: ConnectionEvent | ExchangeEvent): string =>
      liveOutcome({ ...nothing, inbound }, answered).verdict;
    expect(verdict(exchange({ decision: decision("deny") }))).toBe("deny");
    expect(verdict(exchange({ decision: decision("allow") }))).toBe("allow");
    expect(verdict(exchange({ decision: decision("allow"), endpoint: null, flags: "UF,URX" }))).toBe("unreachable");
    expect(verdict(exchange({ decision: null, endpoint: null, status: 400 }))).toBe("unreachable");
    expect(verdict(connection({ decision: decision("deny") }))).toBe("deny");
    expect(verdict(connection({ decision: decision("allow") }))).toBe("allow");
    expect(verdict(connection({ decision: decision("allow"), flags: "UF,URX" }))).toBe("unreachable");
    expect(verdict(connection({ details: "filter_chain_not_found", flags: "NR" }))).toBe("tls-fail");
  });

  it("names the field behind a handshake that failed", () => {
    expect(liveOutcome({ ...nothing, failure: failed }, silent)).toMatchObject({
      verdict: "tls-fail",
      status: null,
      by: { resource: "PeerAuthentication default/a", rule: null, line: 7 },
      summary: "plaintext under STRICT",
    });
  });

  it("is not an allow because the caller's sidecar had an answer of its own", () => {
    const verdict = (outbound: ExchangeEvent): string => liveOutcome({ ...nothing, outbound }, answered).verdict;
    expect(verdict(exchange({ side: "outbound", details: "no_healthy_upstream", flags: "UH" }))).toBe("unreachable");
    expect(verdict(exchange({ side: "outbound", details: "upstream_reset{TLS_error:|x}" }))).toBe("tls-fail");
    expect(verdict(exchange({ side: "outbound", details: "direct_response" }))).toBe("allow");
    expect(verdict(exchange({ side: "outbound", details: "via_upstream" }))).toBe("allow");
    expect(isPassedOn(connection({ side: "outbound", endpoint: "10.244.0.2:1", flags: "UF,URX" }))).toBe(false);
    expect(isPassedOn(connection({ side: "outbound", endpoint: "10.244.0.2:1" }))).toBe(true);
  });

  it("between programs without sidecars is what the caller got", () => {
    expect(programOutcome(answered, false).verdict).toBe("allow");
    expect(programOutcome(silent, false).verdict).toBe("unreachable");
    expect(programOutcome({ ...silent, error: undefined }, true).verdict).toBe("allow");
    expect(programOutcome({ ...silent, error: "connect ECONNREFUSED" }, true).verdict).toBe("unreachable");
  });
});
