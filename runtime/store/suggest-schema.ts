import { schemaParts } from "./schema-parts.ts";
import { count, flag, listOf, nullable, oneOfTexts, record, reference, text, type Schema } from "./schema-terms.ts";

const outcome = record({
  verdict: oneOfTexts("allow", "deny", "depends"),
  reason: text,
  by: nullable(record({ resource: text, rule: count })),
});

const opened = record({
  workloads: listOf(text),
  ports: listOf(nullable(count)),
  layer: oneOfTexts("http", "tcp"),
  conditions: listOf(record({ dimension: text, text })),
  asked: flag,
  before: outcome,
  after: outcome,
  example: nullable(record({})),
});

const suggestion = record({
  parts: listOf(record({ resource: text, what: text, file: text, line: count, column: count, dangerous: flag })),
  diff: text,
  lines: count,
  dangerous: flag,
  opens: listOf(opened),
  cut: listOf(text),
  files: listOf(text),
});

const advice = record(
  {
    kind: oneOfTexts("send-token", "other-token", "ask-authorizer", "join-mesh", "not-policy"),
    text,
    at: listOf(record({ resource: text, file: text, line: count, column: count, field: text })),
  },
  { needs: listOf(record({ field: text, values: listOf(text) })), issuers: listOf(text) },
);

/** JSON Schema of `meshdev suggest -o json`. */
export const suggestSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $defs: schemaParts,
  $id: "urn:meshdev:schema:suggest:1",
  title: "The smallest edits that would allow a refused call",
  ...record({
    schemaVersion: { const: 1 },
    call: record({ from: text, to: text, method: text, path: text }),
    verdict: oneOfTexts("allow", "deny"),
    summary: text,
    decision: nullable(reference("decision")),
    advice: listOf(advice),
    suggestions: listOf(suggestion),
    applied: nullable(count),
  }),
};
