import type { ShapeRule } from "./shape-rule.ts";
import { parseDuration } from "./duration.ts";

/**
 * The shape of a value: what an API server's schema asks of it (`min`, `maxBytes`, `rules`…) and how Istio's own decoder reads it
 * (`message`, `names`, `type`). Unknown fields and nulls are refused, as `kubectl apply` does.
 */
export type Shape =
  | StringShape
  | IntegerShape
  | NumberShape
  | BooleanShape
  | ListShape
  | MapShape
  | ObjectShape
  | AnyShape;

interface Common {
  /** The schema takes null for it. */
  readonly nullable?: true;
  /** CEL rules, evaluated when the document has no error of its shape. */
  readonly rules?: readonly ShapeRule[];
  /** A second spelling that the schema knows; the decoder reads it as the field in camel case. */
  readonly alias?: true;
}

export interface StringShape extends Common {
  readonly kind: "string";
  readonly values?: readonly string[];
  /** Full name of the protobuf enum, for values that are one. */
  readonly enum?: string;
  /** Names of the enum by number, when it has others than `values`. */
  readonly names?: readonly string[];
  readonly maxBytes?: number;
  readonly minLength?: number;
  readonly pattern?: RegExp;
  readonly format?: "duration" | "byte";
}

export interface IntegerShape extends Common {
  readonly kind: "integer";
  readonly type: "int32" | "uint32" | "uint64" | "int";
  readonly min?: number;
  readonly max?: number;
}

export interface NumberShape extends Common {
  readonly kind: "number";
  readonly min?: number;
  readonly max?: number;
}

export interface BooleanShape extends Common {
  readonly kind: "boolean";
}

export interface ListShape<Item extends Shape = Shape> extends Common {
  readonly kind: "list";
  readonly of: Item;
  readonly min?: number;
  readonly max?: number;
  /** The field by which items are unique (a Kubernetes list of type map). */
  readonly key?: string;
}

export interface MapShape<Value extends Shape = Shape> extends Common {
  readonly kind: "map";
  readonly of: Value;
  readonly keys?: "uint32";
  readonly min?: number;
  readonly max?: number;
}

export interface ObjectShape<Fields extends ShapeFields = ShapeFields> extends Common {
  readonly kind: "object";
  readonly fields: Fields;
  /** Full name of the protobuf message. */
  readonly message?: string;
  readonly required?: readonly string[];
  /** At most one field of each group may be present (protobuf oneof). */
  readonly oneOf?: readonly (readonly string[])[];
}

export interface AnyShape extends Common {
  readonly kind: "any";
}

export type ShapeFields = Readonly<Record<string, Shape>>;

/** A value of a shape after decoding; everything may be left out. */
export type Decoded<S> = S extends StringShape
  ? string
  : S extends IntegerShape | NumberShape
    ? number
    : S extends BooleanShape
      ? boolean
      : S extends ListShape<infer Item>
        ? readonly Decoded<Item>[]
        : S extends MapShape<infer Value>
          ? Readonly<Record<string, Decoded<Value>>>
          : S extends ObjectShape<infer Fields>
            ? { readonly [Key in keyof Fields]?: Decoded<Fields[Key]> }
            : unknown;

export const string: StringShape = { kind: "string" };
/** At least one character. */
export const filled: StringShape = { kind: "string", minLength: 1 };
export const boolean: BooleanShape = { kind: "boolean" };
export const number: NumberShape = { kind: "number" };
export const any: AnyShape = { kind: "any" };
/** At least 1 ms, as most CRD fields ask for. */
export const duration: StringShape = {
  kind: "string",
  format: "duration",
  rules: [
    {
      message: "must be a valid duration greater than 1ms",
      holds: (value) => (parseDuration(String(value)) ?? 0) >= 1,
    },
  ],
};
/** Protobuf duration without a least value in the schema. */
export const anyDuration: StringShape = { kind: "string", format: "duration" };
export const int32: IntegerShape = { kind: "integer", type: "int32" };
export const uint32: IntegerShape = { kind: "integer", type: "uint32", min: 0, max: 4294967295 };
export const uint64: IntegerShape = { kind: "integer", type: "uint64" };
export const strings: ListShape<StringShape> = { kind: "list", of: string };
export const stringMap: MapShape<StringShape> = { kind: "map", of: string };

export function oneOfValues(...values: readonly string[]): StringShape {
  return { kind: "string", values };
}

/** A protobuf enum; `values`: those that the schema allows, when it does not allow all. */
export function enumOf(name: string, names: readonly string[], values: readonly string[] = names): StringShape {
  return { kind: "string", enum: name, values, ...(values === names ? {} : { names }) };
}

export function listOf<Item extends Shape>(of: Item, limits: Omit<ListShape, "kind" | "of"> = {}): ListShape<Item> {
  return { kind: "list", of, ...limits };
}

export function mapOf<Value extends Shape>(of: Value, limits: Omit<MapShape, "kind" | "of"> = {}): MapShape<Value> {
  return { kind: "map", of, ...limits };
}

export function object<Fields extends ShapeFields>(
  fields: Fields,
  rest: Pick<ObjectShape, "required" | "oneOf"> = {},
): ObjectShape<Fields> {
  return { kind: "object", fields, ...rest };
}

/** A protobuf message, its fields in the order of their declaration: decoding reports the first error in that order. */
export function message<Fields extends ShapeFields>(
  name: string,
  fields: Fields,
  rest: Pick<ObjectShape, "required" | "oneOf" | "rules"> = {},
): ObjectShape<Fields> {
  return { kind: "object", message: name, fields, ...rest };
}
