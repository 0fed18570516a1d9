import { schemaParts } from "./schema-parts.ts";
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

const stamp = { id: text, at: time, generation: count };
const traffic = { in: count, out: count };
const ends = { from: reference("party"), to: reference("party") };

const state: Schema = record({
  schemaVersion: { const: 1 },
  mesh: text,
  directory: text,
  startedAt: time,
  trustDomain: text,
  generation: record(
    {
      number: count,
      live: count,
      total: count,
      waiting: listOf(text),
      ms: nullable(number),
      at: time,
      changes: listOf(text),
    },
    { flips: record({ compared: count, flipped: count, excluded: count }) },
  ),
  workloads: listOf(reference("workload")),
  services: listOf(reference("service")),
  resources: listOf(reference("resource")),
  problems: listOf(reference("problem")),
  missing: listOf(text),
  counts: reference("traffic"),
  dataPlane: record({ pid: nullable(count), restarts: count, reason: nullable(text) }),
  capture: text,
});

/** The fields of each event besides its stamp, by type. */
const events: Readonly<Record<string, Schema>> = {
  "handshake.completed|handshake.failed": record({
    side: oneOfTexts("client", "server"),
    ...ends,
    tls: record({
      version: nullable(text),
      cipher: nullable(text),
      alpn: nullable(text),
      sni: nullable(text),
      resumed: flag,
    }),
    local: nullable(reference("certificate")),
    peer: nullable(reference("certificate")),
    ms: number,
    failure: nullable(
      record({
        step: oneOfTexts("plaintext", "client-hello", "certificate", "verify", "identity", "alpn", "transport"),
        alert: nullable(text),
        reason: text,
        because: listOf(reference("provenance")),
      }),
    ),
  }),
  "exchange.completed": record(
    {
      proxy: text,
      side: oneOfTexts("outbound", "inbound"),
      protocol: text,
      ...ends,
      method: text,
      authority: text,
      path: text,
      originalPath: nullable(text),
      requestId: nullable(text),
      status: count,
      flags: text,
      details: text,
      handshake: nullable(text),
      route: nullable(text),
      routeAt: nullable(reference("provenance")),
      cluster: nullable(text),
      endpoint: nullable(text),
      attempts: count,
      timing: record({ total: number, upstream: number }),
      bytes: record(traffic),
      decision: nullable(reference("decision")),
      headers: nullable(mapOf(text)),
    },
    { extAuthz: nullable(listOf(reference("extAuthzCall"))), replayOf: text },
  ),
  "connection.closed": record(
    {
      proxy: text,
      side: oneOfTexts("outbound", "inbound"),
      ...ends,
      flags: text,
      details: text,
      handshake: nullable(text),
      sni: nullable(text),
      cluster: nullable(text),
      endpoint: nullable(text),
      ms: number,
      bytes: record(traffic),
      decision: nullable(reference("decision")),
    },
    { extAuthz: nullable(listOf(reference("extAuthzCall"))) },
  ),
  "workload.changed": record({ workload: text, state: reference("workloadState") }),
  "workload.logged": record({ workload: text, stream: oneOfTexts("stdout", "stderr"), line: text }),
  "mesh.loaded": record({
    changes: listOf(text),
    differences: listOf(record({ resource: text, field: text, before: nullable(text), after: nullable(text) })),
    problems: listOf(reference("problem")),
    view: record({
      trustDomain: text,
      workloads: listOf(reference("workload")),
      services: listOf(reference("service")),
      resources: listOf(reference("resource")),
      missing: listOf(text),
    }),
  }),
  "mesh.rejected|problems.changed": record({ problems: listOf(reference("problem")) }),
  "snapshot.applied": record({ live: count, total: count, ms: nullable(number), waiting: listOf(text) }),
  "save.compared": record({ comparison: reference("comparison") }),
  "svid.issued|svid.rotated": record({ proxy: text, certificate: reference("certificate"), rotateAt: time }),
  "listener.bound|listener.failed": record({ proxy: text, address: text, error: nullable(text) }, { full: flag }),
  "bypass.seen": record({ workload: text, what: text }),
  "dataplane.started|dataplane.lost": record({ pid: count, reason: nullable(text) }),
  "traffic.counted": record({ counts: mapOf(reference("traffic")) }),
  "usage.measured": record({ usage: mapOf(reference("usage")) }),
};

export const header = { $schema: "https://json-schema.org/draft/2020-12/schema", $defs: schemaParts };

/** JSON Schema of one line of the event stream: the state first, then events. */
export const eventSchema: Schema = {
  ...header,
  $id: "urn:meshdev:schema:events:1",
  title: "One line of meshdev's event stream",
  oneOf: [
    record({ type: { const: "state" }, schemaVersion: { const: 1 }, state, seq: { const: 0 } }),
    record({ type: { const: "events.dropped" }, count, seq: count }),
    ...anyEvent({ seq: count }, { replayed: { const: true } }),
  ],
};

/** Every kind of event, with fields beside its own. */
export function anyEvent(
  required: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>>,
): readonly Schema[] {
  return Object.entries(events).map(([types, fields]) => ({
    allOf: [record({ type: oneOfTexts(...types.split("|")), ...required, ...stamp }, optional), fields],
  }));
}

/** JSON Schema of `meshdev diff -o json` about a running mesh. */
export const flipsSchema: Schema = {
  ...header,
  $id: "urn:meshdev:schema:flips:1",
  title: "What a save, two generations or a draft change for calls that were made",
  ...record({ schemaVersion: { const: 1 }, comparison: nullable(reference("comparison")) }),
};

/** JSON Schema of `GET /v1/state`. */
export const stateSchema: Schema = {
  ...header,
  $id: "urn:meshdev:schema:state:1",
  title: "The state of a mesh",
  ...state,
};
