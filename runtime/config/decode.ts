import { assertNever } from "../core/assert-never.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import { durationFault } from "./duration.ts";
import { jsonFault } from "./json-fault.ts";
import type { IntegerShape, MapShape, ObjectShape, Shape, StringShape } from "./shape.ts";
import { isRecord } from "./yaml-tree.ts";

/** A value that Istio's decoder does not take: its words, and the field it was reading. */
export interface DecodeFault {
  readonly field: string;
  readonly message: string;
}

/** istiod and `istioctl validate` refuse unknown fields; `istioctl analyze` passes over them (errata E2). */
export type UnknownFields = "refuse" | "ignore";

export type DecodeResult = { readonly value: unknown } | { readonly fault: DecodeFault };

/**
 * Reads a spec as istiod and istioctl do, with golang/protobuf's jsonpb (errata M3): names may be in snake case, numbers may stand in quotes, enums may be
 * numbers, null means absent, and a null item of a list is an empty message. The first fault in the order of the message's fields ends it.
 */
export function decode(value: unknown, shape: Shape, field: string, unknown: UnknownFields = "refuse"): DecodeResult {
  try {
    return { value: decodeValue(value, shape, field, unknown) };
  } catch (error) {
    if (error instanceof Refusal) return { fault: { field: error.field, message: error.message } };
    throw error;
  }
}

class Refusal extends Error {
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

function decodeValue(value: unknown, shape: Shape, field: string, unknown: UnknownFields): unknown {
  switch (shape.kind) {
    case "any":
      return value;
    case "string":
      return decodeString(value, shape, field);
    case "integer":
      return decodeNumber(value, shape, field, shape.type === "int" ? "int64" : shape.type);
    case "number":
      return decodeNumber(value, shape, field, "float64");
    case "boolean":
      if (value === null) return false;
      return typeof value === "boolean" ? value : mismatch(value, "bool", field);
    case "list":
      if (!Array.isArray(value)) return mismatch(value, "[]json.RawMessage", field);
      return value.map((item, index) => decodeValue(item, shape.of, joinIndex(field, index), unknown));
    case "map":
      return decodeMap(value, shape, field, unknown);
    case "object":
      return decodeMessage(value, shape, field, unknown);
    default:
      return assertNever(shape);
  }
}

function decodeMessage(value: unknown, shape: ObjectShape, field: string, unknown: UnknownFields): unknown {
  if (value === null) return {};
  if (!isRecord(value)) return mismatch(value, "map[string]json.RawMessage", field);
  const rest = new Map(Object.entries(value));
  const decoded: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(shape.fields)) {
    if (inner.alias === true) continue;
    const name = [key, snakeCase(key)].find((each) => rest.has(each));
    if (name === undefined) continue;
    const item = rest.get(name);
    rest.delete(key);
    rest.delete(snakeCase(key));
    if (item !== null && item !== undefined) decoded[key] = decodeValue(item, inner, joinKey(field, name), unknown);
  }
  const [surplus] = rest.keys();
  if (surplus !== undefined && unknown === "refuse")
    throw new Refusal(joinKey(field, surplus), `unknown field ${quote(surplus)} in ${shape.message ?? "message"}`);
  return decoded;
}

function decodeMap(value: unknown, shape: MapShape, field: string, unknown: UnknownFields): unknown {
  if (!isRecord(value)) return mismatch(value, "map[string]json.RawMessage", field);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const at = joinKey(field, key);
      if (shape.keys === "uint32") wholeNumber(key, "uint32", at);
      return [key, decodeValue(item, shape.of, at, unknown)];
    }),
  );
}

function decodeString(value: unknown, shape: StringShape, field: string): unknown {
  if (shape.enum !== undefined) return decodeEnum(value, shape, shape.enum, field);
  if (value === null) return "";
  if (typeof value !== "string") {
    if (shape.format === "duration")
      throw new Refusal(field, `json: cannot unmarshal ${goKind(value)} into Go value of type string`);
    return mismatch(value, shape.format === "byte" ? "[]uint8" : "string", field);
  }
  if (shape.format === "duration") {
    const fault = durationFault(value);
    if (fault !== undefined) throw new Refusal(field, `bad Duration: ${fault}`);
  }
  if (shape.format === "byte") {
    const bad = value.search(/[^A-Za-z0-9+/=\r\n]/);
    if (bad !== -1) throw new Refusal(field, `illegal base64 data at input byte ${bad}`);
    if (value.replace(/[\r\n]/g, "").length % 4 !== 0)
      throw new Refusal(field, `illegal base64 data at input byte ${value.length - (value.length % 4)}`);
  }
  return value;
}

/** Numbers are taken as they are, known or not. */
function decodeEnum(value: unknown, shape: StringShape, name: string, field: string): unknown {
  const names = shape.names ?? shape.values ?? [];
  if (value === null) return names[0] ?? "";
  if (typeof value === "string") {
    if (names.includes(value)) return value;
    throw new Refusal(field, `unknown value ${quote(JSON.stringify(value))} for enum ${name}`);
  }
  if (typeof value !== "number") return mismatch(value, "protoreflect.EnumNumber", field);
  const number = wholeNumber(String(value), "protoreflect.EnumNumber", field);
  return names[number] ?? String(number);
}

function decodeNumber(
  value: unknown,
  shape: { readonly kind: "integer" | "number" },
  field: string,
  type: IntegerShape["type"] | "int64" | "float64",
): number {
  if (value === null) return 0;
  if (typeof value === "string") {
    // The quotes are cut off and the rest is read as JSON.
    if (shape.kind === "integer") return wholeNumber(value, type, field);
    const fault = jsonFault(value);
    if (fault !== undefined) throw new Refusal(field, fault);
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "number" ? parsed : mismatch(parsed, type, field);
  }
  if (typeof value !== "number") return mismatch(value, type, field);
  return shape.kind === "integer" ? wholeNumber(String(value), type, field) : value;
}

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  int32: [-2147483648, 2147483647],
  "protoreflect.EnumNumber": [-2147483648, 2147483647],
  uint32: [0, 4294967295],
  uint64: [0, 2 ** 64],
  int64: [-(2 ** 63), 2 ** 63],
};

function wholeNumber(text: string, type: string, field: string): number {
  const fault = jsonFault(text);
  if (fault !== undefined) throw new Refusal(field, fault);
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== "number") return mismatch(parsed, type, field);
  const [least, most] = ranges[type] ?? [0, 0];
  if (!Number.isInteger(parsed) || parsed < least || parsed > most)
    throw new Refusal(field, `json: cannot unmarshal number ${text} into Go value of type ${type}`);
  return parsed;
}

function mismatch(value: unknown, type: string, field: string): never {
  throw new Refusal(field, `json: cannot unmarshal ${goKind(value)} into Go value of type ${type}`);
}

function goKind(value: unknown): string {
  if (typeof value === "boolean") return "bool";
  if (Array.isArray(value)) return "array";
  return isRecord(value) ? "object" : typeof value;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
