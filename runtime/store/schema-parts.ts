import {
  count,
  flag,
  listOf,
  mapOf,
  nullable,
  number,
  oneOfTexts,
  record,
  reference,
  text,
  time,
  type Schema,
} from "./schema-terms.ts";

const place = { file: text, line: count, column: count };
const rule = { resource: text, action: text, rule: count, id: text, ...place };
const fault = { fault: text };
const clause = { field: text, negated: flag, wanted: listOf(text), actual: nullable(text), ...place };
const hint = { hint: text };
const policy = { resource: text, action: text, dryRun: flag, ...place };
const phase = (name: string, fields: Readonly<Record<string, Schema>>): Schema =>
  record({ phase: { const: name }, ...fields });

/** What events and state have in common, by the names that `$ref` uses. */
export const schemaParts: Readonly<Record<string, Schema>> = {
  problem: record(
    {
      code: { type: "string", pattern: "^MD\\d{4}$" },
      severity: oneOfTexts("error", "warning", "info"),
      message: text,
    },
    {
      hint: text,
      at: record(place),
      resource: text,
      field: text,
      excerpt: record({ text, from: count, to: count }),
    },
  ),
  provenance: record({ resource: text, ...place, field: text }),
  party: record({ workload: nullable(text), address: text, spiffe: nullable(text) }),
  certificate: record({
    spiffe: nullable(text),
    sans: listOf(text),
    serial: text,
    issuer: text,
    notBefore: time,
    notAfter: time,
    sha256: text,
    chain: listOf(record({ subject: text, serial: text, notAfter: time })),
  }),
  extAuthzCall: record({
    provider: text,
    protocol: oneOfTexts("http", "grpc"),
    cluster: text,
    endpoint: nullable(text),
    rule: text,
    result: oneOfTexts("allowed", "denied", "error", "failed-open"),
    status: nullable(count),
    ms: number,
    requestHeaders: listOf(text),
    responseHeaders: listOf(text),
    error: nullable(text),
  }),
  decision: record(
    {
      verdict: oneOfTexts("allow", "deny"),
      reason: oneOfTexts("matched", "no-allow-matched", "no-policy", "jwt", "ext-authz-denied", "ext-authz-error"),
      by: nullable(record(rule, fault)),
      details: nullable(text),
      tried: listOf(
        record(
          {
            ...rule,
            dryRun: flag,
            result: oneOfTexts("matched", "missed", "skipped"),
            held: count,
            parts: count,
            missed: nullable(record(clause, hint)),
            skipped: nullable(text),
          },
          {
            ...fault,
            notAsked: { const: true },
            distance: count,
            unusable: listOf(record({ field: text, wanted: listOf(text), why: text, ...place })),
            clauses: listOf(record({ ...clause, held: flag }, hint)),
          },
        ),
      ),
      note: nullable(text),
    },
    {
      omitted: count,
      blame: listOf(
        record({
          ...policy,
          rule: nullable(count),
          must: oneOfTexts("match", "not-match"),
          clauses: listOf(record({ ...clause, path: text }, { ...hint, unusable: { const: true } })),
        }),
      ),
      empty: listOf(record(policy)),
      port: record({
        port: count,
        layer: oneOfTexts("http", "tcp"),
        mode: oneOfTexts("DISABLE", "PERMISSIVE", "STRICT"),
        because: listOf(reference("provenance")),
      }),
      shadow: listOf(
        record({
          kind: oneOfTexts("audit", "dry-run-deny", "dry-run-allow"),
          result: oneOfTexts("allowed", "denied", "audited", "not-audited"),
          by: nullable(record(rule, fault)),
        }),
      ),
      token: record({
        verified: flag,
        fault: nullable(text),
        location: text,
        issuer: nullable(text),
        subject: nullable(text),
        audiences: listOf(text),
        expires: nullable(time),
        rule: nullable(record(rule, fault)),
      }),
    },
  ),
  comparison: record({
    before: count,
    after: nullable(count),
    since: nullable(time),
    compared: count,
    flipped: count,
    excluded: listOf(record({ reason: text, calls: count, ids: listOf(text) })),
    flips: listOf(
      record({
        calls: count,
        ids: listOf(text),
        from: reference("party"),
        to: reference("party"),
        method: nullable(text),
        path: nullable(text),
        before: reference("outcome"),
        after: reference("outcome"),
      }),
    ),
    omitted: count,
    omittedIds: listOf(text),
  }),
  outcome: record({
    verdict: oneOfTexts("allow", "deny", "refuse"),
    decision: nullable(reference("decision")),
    reason: nullable(text),
    because: listOf(reference("provenance")),
  }),
  workloadState: {
    oneOf: [
      phase("waiting", { for: listOf(text) }),
      phase("starting", { pid: count }),
      phase("ready", { pid: count }),
      phase("unready", { pid: count, reason: text }),
      phase("stopping", { pid: count }),
      phase("exited", {
        code: nullable(number),
        signal: nullable(text),
        restartAt: nullable(time),
        lastLines: listOf(text),
      }),
      phase("failed", { reason: text }),
      phase("stopped", {}),
    ],
  },
  traffic: record({
    requests: count,
    allowed: count,
    denied: count,
    failed: count,
    handshakes: count,
    handshakesFailed: count,
    errors: count,
    latency: mapOf(count),
    rules: mapOf(count),
  }),
  usage: record({ rssBytes: nullable(number), cpuSeconds: nullable(number) }),
  workload: record({
    id: text,
    service: text,
    namespace: text,
    identity: text,
    address: text,
    sidecar: flag,
    state: reference("workloadState"),
    restarts: count,
    ports: listOf(count),
    published: listOf(record({ hostPort: count, port: count })),
    acked: nullable(count),
    certificate: nullable(reference("certificate")),
    rotateAt: nullable(time),
    mtls: mapOf(text),
    traffic: reference("traffic"),
    resources: reference("usage"),
  }),
  service: record({
    hostname: text,
    address: text,
    ports: listOf(record({ name: text, port: count, target: count, protocol: text })),
    members: listOf(text),
    endpoints: listOf(text),
  }),
  resource: record({
    kind: text,
    namespace: text,
    name: text,
    file: text,
    line: count,
    selects: listOf(text),
    action: nullable(text),
    hosts: listOf(text),
    rules: listOf(record({ id: text, line: count, words: text })),
  }),
};
