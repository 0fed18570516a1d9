import type { StreamLine } from "../../../cli/door.ts";
import type { Problem } from "../../../runtime/core/problem.ts";
import type { DecisionRecord, RuleRecord, TriedClause } from "../../../runtime/model/decision.ts";
import type {
  CertificateFacts,
  ExchangeEvent,
  HandshakeEvent,
  MeshEvent,
  Party,
  SvidEvent,
  WorkloadLogged,
} from "../../../runtime/model/event.ts";
import type { MeshState, WorkloadState, WorkloadView } from "../../../runtime/model/state.ts";

/** The sample mesh as its daemon would report it: states and events for printing and screens. */

export const startedAt = "2026-01-02T03:04:05.000Z";

function time(second: number): string {
  return new Date(Date.parse(startedAt) + second * 1000).toISOString();
}

const noTraffic = {
  requests: 0,
  allowed: 0,
  denied: 0,
  failed: 0,
  handshakes: 0,
  handshakesFailed: 0,
  errors: 0,
  latency: {},
  rules: {},
};

function spiffe(account: string): string {
  return `spiffe://cluster.local/ns/default/sa/${account}`;
}

export function certificate(account: string): CertificateFacts {
  return {
    spiffe: spiffe(account),
    sans: [spiffe(account)],
    serial: "5f3a9c0177",
    issuer: "O=cluster.local",
    notBefore: startedAt,
    notAfter: "2026-01-03T03:04:05.000Z",
    sha256: "00ff",
    chain: [],
  };
}

function workload(service: string, more: Partial<WorkloadView> = {}): WorkloadView {
  return {
    id: `${service}-1`,
    service,
    namespace: "default",
    identity: spiffe(service),
    address: "10.244.0.3",
    sidecar: true,
    state: { phase: "ready", pid: 4711 },
    restarts: 0,
    ports: [8080],
    published: [],
    acked: 14,
    certificate: certificate(service),
    rotateAt: "2026-01-02T15:04:05.000Z",
    mtls: { "8080": "STRICT" },
    traffic: noTraffic,
    resources: { rssBytes: 41 * 1_048_576, cpuSeconds: 0.4 },
    ...more,
  };
}

export function meshState(more: Partial<MeshState> = {}): MeshState {
  return {
    schemaVersion: 1,
    mesh: "frontend-backend",
    directory: "/home/ada/frontend-backend",
    startedAt,
    trustDomain: "cluster.local",
    generation: { number: 14, live: 4, total: 4, waiting: [], ms: 21, at: startedAt, changes: [] },
    workloads: [
      workload("frontend", { published: [{ hostPort: 3000, port: 8080 }], traffic: { ...noTraffic, requests: 40 } }),
      workload("backend", {
        address: "10.244.0.4",
        traffic: { ...noTraffic, requests: 52, allowed: 40, denied: 12, handshakes: 2, handshakesFailed: 7 },
      }),
      workload("intruder", { ports: [], mtls: {}, address: "10.244.0.5" }),
      workload("outsider", {
        ports: [],
        mtls: {},
        sidecar: false,
        certificate: null,
        rotateAt: null,
        acked: null,
        address: "10.244.0.6",
      }),
    ],
    services: [
      {
        hostname: "frontend.default.svc.cluster.local",
        address: "10.96.0.1",
        ports: [{ name: "http", port: 8080, target: 8080, protocol: "http" }],
        members: ["frontend-1"],
        endpoints: ["frontend-1"],
      },
      {
        hostname: "backend.default.svc.cluster.local",
        address: "10.96.0.2",
        ports: [{ name: "http", port: 8080, target: 8080, protocol: "http" }],
        members: ["backend-1"],
        endpoints: ["backend-1"],
      },
    ],
    resources: [
      {
        kind: "AuthorizationPolicy",
        namespace: "default",
        name: "backend-allow",
        file: "mesh/authz.yaml",
        line: 1,
        selects: ["backend-1"],
        action: "ALLOW",
        hosts: [],
        rules: [
          {
            id: "ns[default]-policy[backend-allow]-rule[0]",
            line: 12,
            words: "from principals [cluster.local/ns/default/sa/frontend] to methods [GET]",
          },
        ],
      },
      {
        kind: "PeerAuthentication",
        namespace: "default",
        name: "backend",
        file: "mesh/peer.yaml",
        line: 1,
        selects: ["backend-1"],
        action: "STRICT",
        hosts: [],
        rules: [],
      },
    ],
    problems: [],
    missing: [],
    counts: { ...noTraffic, requests: 92, allowed: 40, denied: 12, handshakes: 2, handshakesFailed: 7 },
    dataPlane: { pid: 4700, restarts: 0, reason: null },
    capture: "node hook",
    ...more,
  };
}

export function party(service: string, port = 41822): Party {
  const last: Readonly<Record<string, number>> = { frontend: 3, backend: 4, intruder: 5, outsider: 6 };
  return {
    workload: `${service}-1`,
    address: `10.244.0.${last[service] ?? 9}:${port}`,
    spiffe: service === "outsider" ? null : spiffe(service),
  };
}

const rule: RuleRecord = {
  resource: "AuthorizationPolicy default/backend-allow",
  action: "ALLOW",
  rule: 0,
  id: "ns[default]-policy[backend-allow]-rule[0]",
  file: "mesh/authz.yaml",
  line: 12,
  column: 7,
};

function clause(field: string, actual: string, line: number): TriedClause {
  return { field, negated: false, wanted: [actual], actual, file: "mesh/authz.yaml", line, column: 13, held: true };
}

export const allowed: DecisionRecord = {
  verdict: "allow",
  reason: "matched",
  by: rule,
  details: null,
  tried: [
    {
      ...rule,
      dryRun: false,
      result: "matched",
      held: 2,
      parts: 2,
      missed: null,
      skipped: null,
      clauses: [
        clause("from.source.principals", "cluster.local/ns/default/sa/frontend", 14),
        clause("to.operation.methods", "GET", 17),
      ],
    },
  ],
  note: null,
};

export const denied: DecisionRecord = {
  verdict: "deny",
  reason: "no-allow-matched",
  by: null,
  details: "rbac_access_denied_matched_policy[none]",
  blame: [
    {
      resource: rule.resource,
      action: "ALLOW",
      dryRun: false,
      rule: 0,
      must: "match",
      file: rule.file,
      line: rule.line,
      column: rule.column,
      clauses: [
        {
          field: "from.source.principals",
          negated: false,
          wanted: ["cluster.local/ns/default/sa/frontend"],
          actual: "cluster.local/ns/default/sa/intruder",
          file: "mesh/authz.yaml",
          line: 14,
          column: 13,
          path: "spec.rules[0].from[0].source.principals",
        },
      ],
    },
  ],
  tried: [
    {
      ...rule,
      dryRun: false,
      result: "missed",
      distance: 1,
      held: 1,
      parts: 2,
      missed: {
        field: "from.source.principals",
        negated: false,
        wanted: ["cluster.local/ns/default/sa/frontend"],
        actual: "cluster.local/ns/default/sa/intruder",
        file: "mesh/authz.yaml",
        line: 14,
        column: 13,
      },
      skipped: null,
      clauses: [
        {
          ...clause("from.source.principals", "cluster.local/ns/default/sa/intruder", 14),
          wanted: ["cluster.local/ns/default/sa/frontend"],
          held: false,
        },
        clause("to.operation.methods", "GET", 17),
      ],
    },
  ],
  note: null,
};

export function exchange(number: number, more: Partial<ExchangeEvent> = {}): ExchangeEvent {
  return {
    type: "exchange.completed",
    id: `r-${number}`,
    at: time(number),
    generation: 14,
    proxy: "backend-1",
    side: "inbound",
    protocol: "HTTP/1.1",
    from: party("frontend"),
    to: party("backend", 8080),
    method: "GET",
    authority: "backend:8080",
    path: "/api/data",
    originalPath: null,
    requestId: `q-${number}`,
    status: 200,
    flags: "-",
    details: "via_upstream",
    handshake: "h-1",
    route: null,
    routeAt: null,
    cluster: "inbound|8080||",
    endpoint: "10.244.0.4:8080",
    attempts: 1,
    timing: { total: 3.2, upstream: 2.1 },
    bytes: { in: 0, out: 110 },
    decision: allowed,
    headers: null,
    ...more,
  };
}

export function refusal(number: number): ExchangeEvent {
  return exchange(number, {
    from: party("intruder"),
    status: 403,
    decision: denied,
    handshake: "h-2",
    details: "rbac_access_denied_matched_policy[none]",
    bytes: { in: 0, out: 19 },
    timing: { total: 0.4, upstream: 0 },
  });
}

export function handshake(number: number, more: Partial<HandshakeEvent> = {}): HandshakeEvent {
  return {
    type: "handshake.completed",
    id: `h-${number}`,
    at: time(number),
    generation: 14,
    side: "server",
    from: party("frontend"),
    to: party("backend", 8080),
    tls: {
      version: "TLSv1.3",
      cipher: "TLS_AES_256_GCM_SHA384",
      alpn: "istio-http/1.1",
      sni: "outbound_.8080_._.backend.default.svc.cluster.local",
      resumed: false,
    },
    local: certificate("backend"),
    peer: certificate("frontend"),
    ms: 2.1,
    failure: null,
    ...more,
  };
}

export function plaintext(number: number): HandshakeEvent {
  return handshake(number, {
    type: "handshake.failed",
    from: party("outsider"),
    tls: { version: null, cipher: null, alpn: null, sni: null, resumed: false },
    local: null,
    peer: null,
    ms: 0.3,
    failure: {
      step: "plaintext",
      alert: null,
      reason: "plaintext under STRICT",
      because: [
        {
          resource: "PeerAuthentication default/backend",
          file: "mesh/peer.yaml",
          line: 8,
          column: 11,
          field: "spec.mtls.mode",
        },
      ],
    },
  });
}

export const problem: Problem = {
  code: "MD1001",
  severity: "error",
  message: "`methodz` is no field of an operation",
  hint: "did you mean `methods`?",
  at: { file: "mesh/authz.yaml", line: 16, column: 13 },
  resource: "AuthorizationPolicy default/backend-allow",
  field: "spec.rules[0].to[0].operation.methodz",
  excerpt: { text: '            methodz: ["GET"]', from: 12, to: 19 },
};

export function stateLine(state: MeshState = meshState()): StreamLine {
  return { type: "state", schemaVersion: 1, state, seq: 0 };
}

export function streamed(events: readonly MeshEvent[]): readonly StreamLine[] {
  return events.map((event, at) => ({ ...event, seq: at + 1 }));
}

export function logged(number: number, line: string): WorkloadLogged {
  return {
    type: "workload.logged",
    id: `l-${number}`,
    at: time(number),
    generation: 14,
    workload: "backend-1",
    stream: "stdout",
    line,
  };
}

export function svid(service: string, second: number, more: Partial<SvidEvent> = {}): SvidEvent {
  return {
    type: "svid.rotated",
    id: `s-${service}-${second}`,
    at: time(second),
    generation: 14,
    proxy: `${service}-1`,
    certificate: certificate(service),
    rotateAt: time(second + 3600),
    ...more,
  };
}

export function changed(id: string, state: WorkloadState): MeshEvent {
  return { type: "workload.changed", id: `w-${id}`, at: time(0), generation: 14, workload: id, state };
}

/** A minute in the life of the sample. */
export function minute(): readonly MeshEvent[] {
  const events: MeshEvent[] = [handshake(1), handshake(2, { from: party("intruder"), peer: certificate("intruder") })];
  for (let second = 3; second < 60; second++) {
    if (second % 7 === 3) events.push(plaintext(second));
    else if (second % 5 === 4) events.push(refusal(second));
    else events.push(exchange(second));
    if (second % 4 === 0) events.push(logged(second, `GET /api/data served in ${second} ms`));
  }
  return events;
}
