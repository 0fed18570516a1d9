import type {
  ConnectionEvent,
  ExchangeEvent,
  HandshakeEvent,
  Party,
  WorkloadLogged,
} from "../../../runtime/model/event.ts";
import type { DecisionRecord, RuleRecord } from "../../../runtime/model/decision.ts";

const at = "2026-01-01T00:00:00.000Z";
let count = 0;

function party(workload: string | null): Party {
  const service = workload?.replace(/-\d+.*$/, "");
  return {
    workload,
    address: workload === null ? "127.0.0.1:40000" : `10.244.0.${workload.length}:8080`,
    spiffe: service === undefined ? null : `spiffe://cluster.local/ns/default/sa/${service}`,
  };
}

const rule: RuleRecord = {
  resource: "AuthorizationPolicy default/backend-allow",
  action: "ALLOW",
  rule: 0,
  id: "ns[default]-policy[backend-allow]-rule[0]",
  file: "mesh/allow.yaml",
  line: 8,
  column: 3,
};

function decision(verdict: "allow" | "deny"): DecisionRecord {
  return {
    verdict,
    reason: verdict === "allow" ? "matched" : "no-allow-matched",
    by: verdict === "allow" ? rule : null,
    details: null,
    tried: [
      {
        ...rule,
        dryRun: false,
        result: verdict === "allow" ? "matched" : "missed",
        held: 1,
        parts: 2,
        missed: null,
        skipped: null,
      },
    ],
    note: null,
  };
}

export function exchange(about: {
  readonly from: string;
  readonly to: string;
  readonly path?: string;
  readonly status?: number;
  readonly verdict?: "allow" | "deny";
  readonly generation?: number;
  readonly headers?: Readonly<Record<string, string>>;
}): ExchangeEvent {
  return {
    type: "exchange.completed",
    id: `r-${++count}`,
    at,
    generation: about.generation ?? 1,
    proxy: about.to,
    side: "inbound",
    protocol: "HTTP/1.1",
    from: party(about.from),
    to: party(about.to),
    method: "GET",
    authority: "backend:8080",
    path: about.path ?? "/",
    originalPath: null,
    requestId: null,
    status: about.status ?? 200,
    flags: "-",
    details: "via_upstream",
    handshake: null,
    route: null,
    routeAt: null,
    cluster: null,
    endpoint: null,
    attempts: 1,
    timing: { total: 3, upstream: 1 },
    bytes: { in: 0, out: 0 },
    decision: about.verdict === undefined ? null : decision(about.verdict),
    headers: about.headers ?? null,
  };
}

export function connection(about: {
  readonly from: string;
  readonly to: string;
  readonly flags: string;
  readonly ms: number;
}): ConnectionEvent {
  return {
    type: "connection.closed",
    id: `c-${++count}`,
    at,
    generation: 2,
    proxy: about.from,
    side: "outbound",
    from: party(about.from),
    to: party(about.to),
    flags: about.flags,
    details: "upstream_reset",
    handshake: null,
    sni: null,
    cluster: null,
    endpoint: null,
    ms: about.ms,
    bytes: { in: 0, out: 0 },
    decision: null,
  };
}

export function handshake(about: {
  readonly from: string | null;
  readonly to: string;
  readonly failed: string;
}): HandshakeEvent {
  return {
    type: "handshake.failed",
    id: `h-${++count}`,
    at,
    generation: 2,
    side: "server",
    from: party(about.from),
    to: party(about.to),
    tls: {
      version: null,
      cipher: null,
      alpn: null,
      sni: "outbound_.8080_._.backend.default.svc.cluster.local",
      resumed: false,
    },
    local: null,
    peer: null,
    ms: 2,
    failure: { step: "plaintext", alert: "certificate_required", reason: about.failed, because: [] },
  };
}

export function logged(workload: string, line: string): WorkloadLogged {
  return { type: "workload.logged", id: `l-${++count}`, at, generation: 1, workload, stream: "stdout", line };
}
