/** A JSON Schema (2020-12), or a part of one. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

export const text: Schema = { type: "string" };
export const number: Schema = { type: "number" };
export const count: Schema = { type: "integer", minimum: 0 };
export const flag: Schema = { type: "boolean" };
/** ISO 8601 with milliseconds. */
export const time: Schema = { type: "string" };

export function nullable(schema: Schema): Schema {
  return { anyOf: [schema, { type: "null" }] };
}

export function listOf(items: Schema): Schema {
  return { type: "array", items };
}

/** Names are free, values are not. */
export function mapOf(values: Schema): Schema {
  return { type: "object", additionalProperties: values };
}

export function oneOfTexts(...values: readonly string[]): Schema {
  return { enum: values };
}

/** All of `required` are there; fields may be added in later versions, so others are allowed. */
export function record(
  required: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>> = {},
): Schema {
  return { type: "object", properties: { ...required, ...optional }, required: Object.keys(required) };
}

export function reference(name: string): Schema {
  return { $ref: `#/$defs/${name}` };
}
