import type { Code } from "../core/codes.ts";
import { assertNever } from "../core/assert-never.ts";
import { parseDuration } from "./duration.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import type { Shape } from "./shape.ts";
import { didYouMean, nearest } from "./suggestion.ts";
import { isRecord } from "./yaml-tree.ts";

/** One finding inside a document; position and resource are added by who knows them. */
export interface Finding {
  readonly code: Code;
  readonly severity?: "error" | "warning";
  readonly field: string;
  readonly message: string;
  readonly hint?: string;
  /** Underline the field's name instead of its value. */
  readonly part?: "key" | "value";
}

/** Everything in `value` that the schema refuses; at most one finding per field. */
export function checkShape(value: unknown, shape: Shape, field: string): readonly Finding[] {
  switch (shape.kind) {
    case "any":
      return [];
    case "string":
      return checkString(value, shape, field);
    case "integer":
    case "number":
      return checkNumber(value, shape, field);
    case "boolean":
      return typeof value === "boolean" ? [] : [wrongType(field, "true or false", value)];
    case "list":
      if (!Array.isArray(value)) return [wrongType(field, "a list", value)];
      return [
        ...(shape.max !== undefined && value.length > shape.max
          ? [refused(field, `${field} has ${value.length} items, at most ${shape.max} are allowed`)]
          : []),
        ...value.flatMap((item, index) => checkShape(item, shape.of, joinIndex(field, index))),
      ];
    case "map":
      return checkMap(value, shape, field);
    case "object":
      return checkObject(value, shape, field);
    default:
      return assertNever(shape);
  }
}

function checkString(value: unknown, shape: Extract<Shape, { kind: "string" }>, field: string): readonly Finding[] {
  if (typeof value !== "string") {
    const quoted =
      typeof value === "number"
        ? `write it in quotes: "${value}"`
        : typeof value === "boolean"
          ? "write it in quotes: Kubernetes reads y, n, yes, no, on and off as true and false"
          : undefined;
    return [wrongType(field, "a string", value, shape.values === undefined ? quoted : undefined)];
  }
  if (shape.values !== undefined && !shape.values.includes(value)) {
    const allowed = shape.values.join(", ");
    const meant = nearest(value, shape.values);
    return [
      refused(
        field,
        `${field}: ${value} is not one of ${allowed}`,
        meant === undefined ? `write one of ${allowed}` : `${value}: did you mean ${meant}?`,
      ),
    ];
  }
  if (shape.maxBytes !== undefined && byteLength(value) > shape.maxBytes)
    return [refused(field, `${field} is longer than ${shape.maxBytes} bytes`)];
  if (shape.minLength !== undefined && value.length < shape.minLength)
    return [refused(field, `${field} must not be empty`)];
  if (shape.format === "base64" && !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value))
    return [refused(field, `${field} is not base64`)];
  if (shape.format === "duration") {
    const milliseconds = parseDuration(value);
    if (milliseconds === undefined)
      return [refused(field, `${field}: ${value} is not a duration`, "write it like 500ms, 2s or 1m30s")];
    if (milliseconds < 1)
      return [refused(field, `${field} must be a valid duration greater than 1ms`, "leave the field out to have none")];
  }
  return [];
}

function checkNumber(
  value: unknown,
  shape: Extract<Shape, { kind: "integer" | "number" }>,
  field: string,
): readonly Finding[] {
  if (typeof value !== "number" || Number.isNaN(value))
    return [wrongType(field, shape.kind === "integer" ? "a whole number" : "a number", value)];
  if (shape.kind === "integer" && !Number.isInteger(value)) return [wrongType(field, "a whole number", value)];
  if (shape.min !== undefined && value < shape.min)
    return [refused(field, `${field}: ${value} is less than ${shape.min}`)];
  if (shape.max !== undefined && value > shape.max)
    return [refused(field, `${field}: ${value} is greater than ${shape.max}`)];
  return [];
}

function checkMap(value: unknown, shape: Extract<Shape, { kind: "map" }>, field: string): readonly Finding[] {
  if (!isRecord(value)) return [wrongType(field, "a map", value)];
  const entries = Object.entries(value);
  return [
    ...(shape.min !== undefined && entries.length < shape.min
      ? [refused(field, `${field} must have at least ${shape.min} entry`)]
      : []),
    ...(shape.max !== undefined && entries.length > shape.max
      ? [refused(field, `${field} has more than ${shape.max} entries`)]
      : []),
    ...entries.flatMap(([key, item]) => checkShape(item, shape.of, joinKey(field, key))),
  ];
}

function checkObject(value: unknown, shape: Extract<Shape, { kind: "object" }>, field: string): readonly Finding[] {
  if (!isRecord(value)) return [wrongType(field, "a map", value)];
  const findings: Finding[] = [];
  for (const [key, item] of Object.entries(value)) {
    const inner = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (inner === undefined) {
      const meant = didYouMean(key, Object.keys(shape.fields));
      findings.push({
        code: "MD1006",
        field: joinKey(field, key),
        part: "key",
        message: `unknown field ${joinKey(field, key)}`,
        hint: meant === undefined ? `known here: ${Object.keys(shape.fields).join(", ")}` : `${key}: ${meant}`,
      });
    } else findings.push(...checkShape(item, inner, joinKey(field, key)));
  }
  for (const key of shape.required ?? []) {
    if (!Object.hasOwn(value, key)) findings.push(refused(field, `${joinKey(field, key)} is required`));
  }
  for (const group of shape.oneOf ?? []) {
    const present = group.filter((key) => Object.hasOwn(value, key));
    if (present.length > 1)
      findings.push(
        refused(
          joinKey(field, present[1] ?? ""),
          `${field} may have only one of ${group.join(", ")}; it has ${present.join(" and ")}`,
        ),
      );
  }
  return findings;
}

function wrongType(field: string, wanted: string, value: unknown, hint?: string): Finding {
  const found =
    value === null || value === undefined
      ? "nothing"
      : Array.isArray(value)
        ? "a list"
        : typeof value === "object"
          ? "a map"
          : `${typeof value} ${JSON.stringify(value)}`;
  return refused(field, `${field === "" ? "the document" : field} must be ${wanted}, found ${found}`, hint);
}

function refused(field: string, message: string, hint?: string): Finding {
  return { code: "MD1007", field, message, ...(hint === undefined ? {} : { hint }) };
}

/** UTF-8 length. */
function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
