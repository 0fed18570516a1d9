/** The shape that an API server's schema gives a value. Unknown fields and nulls are refused, as `kubectl apply` does. */
export type Shape =
  | {
      readonly kind: "string";
      readonly values?: readonly string[];
      readonly maxBytes?: number;
      readonly minLength?: number;
      readonly format?: "duration" | "base64";
    }
  | { readonly kind: "integer"; readonly min?: number; readonly max?: number }
  | { readonly kind: "number"; readonly min?: number; readonly max?: number }
  | { readonly kind: "boolean" }
  | { readonly kind: "list"; readonly of: Shape; readonly max?: number }
  | { readonly kind: "map"; readonly of: Shape; readonly min?: number; readonly max?: number }
  | {
      readonly kind: "object";
      readonly fields: Readonly<Record<string, Shape>>;
      readonly required?: readonly string[];
      /** At most one field of each group may be present (protobuf oneof). */
      readonly oneOf?: readonly (readonly string[])[];
    }
  | { readonly kind: "any" };

export const string: Shape = { kind: "string" };
export const boolean: Shape = { kind: "boolean" };
export const number: Shape = { kind: "number" };
export const any: Shape = { kind: "any" };
/** At least 1 ms, as the CRDs ask for. */
export const duration: Shape = { kind: "string", format: "duration" };
/** Protobuf int32. */
export const int32: Shape = { kind: "integer", min: -2147483648, max: 2147483647 };
/** Protobuf uint32. */
export const uint32: Shape = { kind: "integer", min: 0, max: 4294967295 };

export function oneOfValues(...values: readonly string[]): Shape {
  return { kind: "string", values };
}

export function listOf(of: Shape, max?: number): Shape {
  return max === undefined ? { kind: "list", of } : { kind: "list", of, max };
}

export function mapOf(of: Shape, limits: { readonly min?: number; readonly max?: number } = {}): Shape {
  return { kind: "map", of, ...limits };
}

export function object(
  fields: Readonly<Record<string, Shape>>,
  rules: { readonly required?: readonly string[]; readonly oneOf?: readonly (readonly string[])[] } = {},
): Shape {
  return { kind: "object", fields, ...rules };
}
