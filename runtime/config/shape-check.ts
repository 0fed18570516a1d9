import { assertNever } from "../core/assert-never.ts";
import { parseDuration } from "./duration.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import type { Finding } from "./finding.ts";
import type { IntegerShape, ListShape, MapShape, NumberShape, ObjectShape, Shape, StringShape } from "./shape.ts";
import { breaksRules } from "./shape-rule-check.ts";
import { nearest } from "./suggestion.ts";
import { unknownFields } from "./unknown-fields.ts";
import { isRecord } from "./yaml-tree.ts";

/** What the API server refuses: unknown fields, wrong values, and, when nothing of the kinds that block it was found, broken CEL rules. */
export function checkShape(value: unknown, shape: Shape, field: string): readonly Finding[] {
  const findings = [...unknownFields(value, shape, field), ...checkValue(value, shape, field)];
  return findings.some((finding) => finding.blocksRules === true)
    ? findings
    : [...findings, ...breaksRules(value, shape, field)];
}

function checkValue(value: unknown, shape: Shape, field: string): readonly Finding[] {
  if (value === null && shape.nullable === true) return [];
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
      return checkList(value, shape, field);
    case "map":
      return checkMap(value, shape, field);
    case "object":
      return checkObject(value, shape, field);
    default:
      return assertNever(shape);
  }
}

function checkString(value: unknown, shape: StringShape, field: string): readonly Finding[] {
  if (typeof value !== "string") {
    const quoted =
      typeof value === "number"
        ? `write it in quotes: "${value}"`
        : typeof value === "boolean"
          ? "write it in quotes: Kubernetes reads y, n, yes, no, on and off as true and false"
          : undefined;
    const wrong = wrongType(field, "a string", value, shape.values === undefined ? quoted : undefined);
    return shape.values === undefined || value === null ? [wrong] : [wrong, notAllowed(value, shape.values, field)];
  }
  if (shape.values !== undefined && !shape.values.includes(value)) return [notAllowed(value, shape.values, field)];
  if (shape.maxBytes !== undefined && byteLength(value) > shape.maxBytes)
    return [{ ...refused(field, `${field} is longer than ${shape.maxBytes} bytes`), blocksRules: true }];
  if (shape.minLength !== undefined && value.length < shape.minLength)
    return [refused(field, `${field} must not be empty`)];
  if (shape.pattern !== undefined && !shape.pattern.test(value))
    return [refused(field, `${field}: ${value} does not match ${shape.pattern.source}`)];
  if (shape.format === "byte" && !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value))
    return [refused(field, `${field} is not base64`)];
  if (shape.format === "duration" && shape.rules === undefined && parseDuration(value) === undefined)
    return [{ ...refused(field, `${field}: ${value} is not a duration`, durationHint), stage: "decode" }];
  return [];
}

const durationHint = "write it like 500ms, 2s or 1m30s";

function notAllowed(value: unknown, values: readonly string[], field: string): Finding {
  const allowed = values.join(", ");
  const meant = typeof value === "string" ? nearest(value, values) : undefined;
  return {
    ...refused(
      field,
      `${field}: ${String(value)} is not one of ${allowed}`,
      meant === undefined ? `write one of ${allowed}` : `${String(value)}: did you mean ${meant}?`,
    ),
    blocksRules: true,
  };
}

function checkNumber(value: unknown, shape: IntegerShape | NumberShape, field: string): readonly Finding[] {
  if (typeof value !== "number" || Number.isNaN(value))
    return [wrongType(field, shape.kind === "integer" ? "a whole number" : "a number", value)];
  if (shape.kind === "integer" && !Number.isInteger(value)) {
    const wrong = wrongType(field, "a whole number", value);
    return shape.type === "int32" ? [wrong, outOfRange(value, field)] : [wrong];
  }
  if (shape.kind === "integer" && shape.type === "int32" && (value < -2147483648 || value > 2147483647))
    return [outOfRange(value, field)];
  if (shape.min !== undefined && value < shape.min)
    return [refused(field, `${field}: ${value} is less than ${shape.min}`)];
  if (shape.max !== undefined && value > shape.max)
    return [refused(field, `${field}: ${value} is greater than ${shape.max}`)];
  return [];
}

function outOfRange(value: number, field: string): Finding {
  return refused(field, `${field}: ${value} is not a whole number of 32 bits`);
}

function checkList(value: unknown, shape: ListShape, field: string): readonly Finding[] {
  if (!Array.isArray(value)) return [wrongType(field, "a list", value)];
  const items: readonly unknown[] = value;
  return [
    ...(shape.max !== undefined && items.length > shape.max
      ? [
          {
            ...refused(field, `${field} has ${items.length} items, at most ${shape.max} are allowed`),
            blocksRules: true as const,
          },
        ]
      : []),
    ...(shape.min !== undefined && items.length < shape.min
      ? [refused(field, `${field} must have at least ${shape.min} item`)]
      : []),
    ...items.flatMap((item, index) => checkValue(item, shape.of, joinIndex(field, index))),
    ...(shape.key === undefined ? [] : repeatedItems(items, shape.key, field)),
  ];
}

/** A list of type map takes each key once. */
function repeatedItems(items: readonly unknown[], key: string, field: string): readonly Finding[] {
  const seen = new Set<unknown>();
  return items.flatMap((item, index) => {
    const name = isRecord(item) ? item[key] : undefined;
    if (name === undefined) return [];
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const at = joinIndex(field, index);
    return [{ ...refused(at, `${at}: ${key} ${JSON.stringify(name)} is already in the list`), stage: "list" as const }];
  });
}

function checkMap(value: unknown, shape: MapShape, field: string): readonly Finding[] {
  if (!isRecord(value)) return [wrongType(field, "a map", value)];
  const entries = Object.entries(value);
  return [
    ...(shape.min !== undefined && entries.length < shape.min
      ? [refused(field, `${field} must have at least ${shape.min} entry`)]
      : []),
    ...(shape.max !== undefined && entries.length > shape.max
      ? [refused(field, `${field} has more than ${shape.max} entries`)]
      : []),
    ...entries.flatMap(([key, item]) => checkValue(item, shape.of, joinKey(field, key))),
  ];
}

function checkObject(value: unknown, shape: ObjectShape, field: string): readonly Finding[] {
  if (!isRecord(value)) {
    const wrong = wrongType(field, "a map", value);
    // A value that is no map has none of the fields, which each alternative of a group takes for granted.
    const groups = value === null ? [] : (shape.oneOf ?? []).filter((group) => group.length > 1);
    return [wrong, ...groups.map((group) => oneOfFault(field, group, []))];
  }
  const findings: Finding[] = [];
  for (const [key, item] of Object.entries(value)) {
    const inner = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (inner !== undefined) findings.push(...checkValue(item, inner, joinKey(field, key)));
  }
  for (const key of shape.required ?? []) {
    if (!Object.hasOwn(value, key))
      findings.push({ ...refused(joinKey(field, key), `${joinKey(field, key)} is required`), blocksRules: true });
  }
  const groups = shape.oneOf ?? [];
  const broken = groups.flatMap((group) => {
    const present = group.filter((key) => Object.hasOwn(value, key));
    return present.length > 1 ? [oneOfFault(field, group, present)] : [];
  });
  const whole =
    groups.length > 1 && broken.length > 0 ? [refused(field, `${field} must satisfy each group of alternatives`)] : [];
  return [...findings, ...broken, ...whole];
}

function oneOfFault(field: string, group: readonly string[], present: readonly string[]): Finding {
  const at = present[1] === undefined ? field : joinKey(field, present[1]);
  return {
    ...refused(
      field,
      `${field} may have only one of ${group.join(", ")}${present.length > 0 ? `; it has ${present.join(" and ")}` : ""}`,
    ),
    at,
  };
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
  return {
    ...refused(field, `${field === "" ? "the document" : field} must be ${wanted}, found ${found}`, hint),
    blocksRules: true,
  };
}

function refused(field: string, message: string, hint?: string): Finding {
  return { code: "MD1007", stage: "schema", field, message, ...(hint === undefined ? {} : { hint }) };
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
