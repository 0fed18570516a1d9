import { listOf, nullable, oneOfTexts, record, text, type Schema } from "./schema-terms.ts";

/** JSON Schema of `meshdev doctor -o json`. */
export const doctorSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:meshdev:schema:doctor:1",
  title: "What this machine can do for meshdev",
  ...record({
    schemaVersion: { const: 1 },
    checks: listOf(
      record({
        topic: text,
        name: text,
        title: text,
        outcome: oneOfTexts("ok", "failed", "not tried"),
        reason: nullable(text),
        hint: nullable(text),
      }),
    ),
  }),
};
