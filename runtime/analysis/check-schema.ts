const text = { type: "string" };
const count = { type: "integer", minimum: 0 };

/** JSON Schema of `meshdev check -o json`. */
export const checkSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "meshdev check",
  type: "object",
  required: ["schemaVersion", "directory", "problems", "counts"],
  properties: {
    schemaVersion: { const: 1 },
    directory: { ...text, description: "the folder that relative paths are relative to" },
    problems: { type: "array", items: { $ref: "#/$defs/problem" } },
    counts: {
      type: "object",
      required: ["files", "documents", "unknownKinds", "suppressed"],
      properties: {
        files: count,
        documents: count,
        unknownKinds: { type: "object", additionalProperties: count, description: "documents that were passed over" },
        suppressed: count,
      },
    },
  },
  $defs: {
    problem: {
      type: "object",
      required: ["code", "severity", "message"],
      properties: {
        code: { ...text, pattern: "^(MD[0-9]{4}|IST[0-9]{4})$" },
        severity: { enum: ["error", "warning", "info"] },
        message: text,
        hint: { ...text, description: "what to do next" },
        at: {
          type: "object",
          required: ["file", "line", "column"],
          properties: { file: text, line: { ...count, minimum: 1 }, column: { ...count, minimum: 1 } },
        },
        resource: { ...text, description: "Kind namespace/name" },
        field: { ...text, description: "path inside the document" },
        excerpt: {
          type: "object",
          required: ["text", "from", "to"],
          properties: { text, from: count, to: count },
        },
      },
    },
  },
} as const;
