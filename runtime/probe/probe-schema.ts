import {
  count,
  flag,
  listOf,
  nullable,
  oneOfTexts,
  record,
  reference,
  type Schema,
  text,
} from "../store/schema-terms.ts";
import { techniques } from "./attempt.ts";
import { foundOutcomes } from "./report.ts";

const way: Readonly<Record<string, Schema>> = {
  caller: nullable(text),
  way: oneOfTexts("sidecar", "workload", "application"),
  to: text,
  target: reference("target"),
};

/** JSON Schema of `meshdev probe -o json`. */
export const probeSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "meshdev probe",
  ...record({
    schemaVersion: { const: 1 },
    service: text,
    port: count,
    canTell: { ...flag, description: "whether the application's log shows what it receives" },
    plain: listOf(record({ ...way, verdict: oneOfTexts("refused", "open", "unverified"), status: nullable(count) })),
    findings: listOf(reference("finding")),
    counts: record({ sent: count, hit: count, unverified: count, reached: count, allowed: count, refused: count }),
    lostEvents: count,
  }),
  $defs: {
    target: record({ method: text, path: text, rule: nullable(text) }),
    finding: record({
      outcome: oneOfTexts(...foundOutcomes),
      ...way,
      technique: oneOfTexts(...techniques),
      name: text,
      request: text,
      marker: text,
      status: nullable(count),
      log: nullable(record({ workload: text, source: oneOfTexts("log", "answer"), line: text })),
      seen: nullable(text),
      event: nullable(text),
    }),
  },
};
