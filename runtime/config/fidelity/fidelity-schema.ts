const text = { type: "string" };

/** JSON Schema of `meshdev fidelity -o json`. */
export const fidelitySchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "meshdev fidelity",
  type: "object",
  required: ["schemaVersion", "fields"],
  properties: {
    schemaVersion: { const: 1 },
    fields: {
      type: "array",
      items: {
        type: "object",
        required: ["kind", "field", "status", "note", "proof"],
        properties: {
          kind: text,
          field: {
            ...text,
            description: "[] stands for every item, * for every key; a part that is ignored is one row",
          },
          status: { enum: ["enforced", "approximated", "ignored"] },
          note: { type: ["string", "null"], description: "how it differs" },
          proof: {
            type: ["object", "null"],
            required: ["by", "how"],
            properties: {
              by: { ...text, description: "a conformance case, or a file of tests" },
              how: { enum: ["removed", "changed", "tested"] },
              at: { ...text, description: "where the same field of the same message is proven" },
            },
          },
        },
      },
    },
  },
} as const;
