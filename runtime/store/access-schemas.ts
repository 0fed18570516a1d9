import { schemaParts } from "./schema-parts.ts";
import { count, listOf, mapOf, nullable, oneOfTexts, record, reference, text, type Schema } from "./schema-terms.ts";

const because = listOf(reference("provenance"));
const verdict = oneOfTexts("allow", "deny", "depends");

const outcome = {
  verdict,
  reason: oneOfTexts("tls", "token", "matched", "no-allow-matched", "no-policy"),
  by: nullable(record({ resource: text, action: text, rule: count, id: text, file: text, line: count, column: count })),
  asks: listOf(text),
  because,
};

const conditions = listOf(record({ dimension: text, text }));

const example = nullable(
  record({
    identity: nullable(text),
    sourceIp: text,
    sni: nullable(text),
    method: text,
    host: text,
    path: text,
    headers: mapOf(listOf(text)),
    token: oneOfTexts("none", "refused", "accepted"),
    claims: nullable({ type: "object" }),
  }),
);

const port = {
  workloads: listOf(text),
  service: nullable(record({ host: text, port: count })),
  port: count,
  layer: oneOfTexts("http", "tcp"),
};

const mode = oneOfTexts("DISABLE", "PERMISSIVE", "STRICT");
const connection = { connection: oneOfTexts("mutual", "plaintext", "foreign-tls"), because };

/** JSON Schema of `meshdev can --matrix -o json`. */
export const matrixSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:meshdev:schema:matrix:1",
  title: "Who may call what: classes of requests that policies tell apart",
  $defs: schemaParts,
  ...record({
    schemaVersion: { const: 1 },
    predicted: { const: true },
    source: oneOfTexts("files", "running mesh"),
    ports: listOf(
      record({
        ...port,
        protocol: oneOfTexts("http", "tcp", "auto"),
        mtls: mode,
        because,
        callers: listOf(
          record({
            workloads: listOf(text),
            text,
            ...connection,
            access: oneOfTexts("allow", "deny", "depends", "partly"),
            classes: listOf(count),
          }),
        ),
        classes: listOf(record({ id: count, ...outcome, conditions, example })),
        cut: listOf(text),
      }),
    ),
  }),
};

const side = record({ kind: oneOfTexts("folder", "revision", "project"), name: text });
const modeSide = record({ mode, because });

/** JSON Schema of `meshdev diff A B -o json`. */
export const changesSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:meshdev:schema:changes:1",
  title: "What access differs between two versions of a mesh, by classes of requests",
  $defs: schemaParts,
  ...record({
    schemaVersion: { const: 1 },
    predicted: { const: true },
    before: side,
    after: side,
    ports: listOf(
      record({
        ...port,
        mtls: record({ before: modeSide, after: modeSide }),
        classes: listOf(record({ conditions, before: record(outcome), after: record(outcome), example })),
        reasons: count,
        connections: listOf(record({ workload: text, before: record(connection), after: record(connection) })),
        cut: listOf(text),
      }),
    ),
    added: listOf(text),
    removed: listOf(text),
  }),
};
