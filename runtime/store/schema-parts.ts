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
const clause = { field: text, negated: flag, wanted: listOf(text), actual: nullable(text), ...place };
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
  decision: record(
    {
      verdict: oneOfTexts("allow", "deny"),
      reason: oneOfTexts("matched", "no-allow-matched", "no-policy", "jwt"),
      by: nullable(record(rule)),
      details: nullable(text),
      tried: listOf(
        record(
          {
            ...rule,
            dryRun: flag,
            result: oneOfTexts("matched", "missed", "skipped"),
            held: count,
            parts: count,
            missed: nullable(record(clause)),
            skipped: nullable(text),
          },
          { clauses: listOf(record({ ...clause, held: flag })) },
        ),
      ),
      note: nullable(text),
    },
    {
      omitted: count,
      token: record({
        verified: flag,
        fault: nullable(text),
        location: text,
        issuer: nullable(text),
        subject: nullable(text),
        audiences: listOf(text),
        expires: nullable(time),
        rule: nullable(record(rule)),
      }),
    },
  ),
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
