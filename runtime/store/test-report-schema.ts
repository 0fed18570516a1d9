import { schemaParts } from "./schema-parts.ts";
import { count, listOf, nullable, oneOfTexts, record, reference, text, type Schema } from "./schema-terms.ts";

const place = { file: text, line: count, column: count };

const share = record({ covered: count, total: count });

const outcome = record({
  verdict: oneOfTexts("allow", "deny", "tls-fail", "unreachable", "depends"),
  status: nullable(count),
  by: nullable(record({ resource: text, ...place, rule: nullable(count) })),
  summary: text,
  decision: nullable(reference("decision")),
  because: listOf(reference("provenance")),
});

/** JSON Schema of `meshdev test -o json`. */
export const testReportSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:meshdev:schema:test-report:1",
  title: "What meshdev test found",
  $defs: schemaParts,
  ...record({
    schemaVersion: { const: 1 },
    directory: text,
    engine: oneOfTexts("offline", "live", "both"),
    files: listOf(text),
    cases: listOf(
      record({
        name: text,
        at: record(place),
        call: record(
          { from: text, to: text, method: text, path: text, headers: listOf(listOf(text)) },
          { port: count, tls: oneOfTexts("plaintext", "no-certificate", "foreign-certificate"), tcp: text },
        ),
        expected: record({ verdict: oneOfTexts("allow", "deny", "tls-fail") }, { status: count }),
        offline: nullable(outcome),
        live: nullable(outcome),
        failures: listOf(text),
        skipped: nullable(text),
        disagreement: nullable(text),
      }),
    ),
    coverage: nullable(
      record({
        files: listOf(record({ file: text, policies: share, rules: share, clauses: share })),
        uncovered: listOf(
          record({
            resource: text,
            ...place,
            field: text,
            rule: nullable(count),
            clause: nullable(text),
            missing: oneOfTexts("never asked", "never matched", "never missed"),
          }),
        ),
      }),
    ),
    mutation: nullable(
      record({
        mutants: count,
        killed: count,
        survived: listOf(
          record({ resource: text, at: record(place), field: text, change: text, example: nullable(text) }),
        ),
        equivalent: count,
        unreachable: count,
      }),
    ),
    counts: record({ cases: count, passed: count, failed: count, skipped: count, disagreements: count }),
  }),
};
