import { flag, listOf, nullable, oneOfTexts, record, text, type Schema } from "./schema-terms.ts";

/** JSON Schema of `meshdev prune -o json`. */
export const pruneSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:meshdev:schema:prune:1",
  title: "What killed daemons left in the container engine",
  ...record({
    schemaVersion: { const: 1 },
    removed: flag,
    leftovers: listOf(
      record({
        kind: oneOfTexts("container", "network", "volume", "image"),
        id: text,
        name: text,
        mesh: nullable(text),
        reason: text,
      }),
    ),
  }),
};
