import { type Departure, unenforcedFields, unenforcedMeshFields } from "../enforcement.ts";
import { kinds } from "../kinds.ts";
import { checkedFields } from "../mesh-config-fields.ts";
import { proxyConfigAnnotation, proxyConfigDepartures, proxyConfigShape } from "../proxy-config.ts";
import { object, type Shape } from "../shape.ts";
import { type Field, fieldsOf } from "./fields.ts";

/** A kind of which fields are told: its shape and where it differs. */
export interface FieldSource {
  readonly kind: string;
  readonly shape: Shape;
  readonly path: string;
  readonly departures: readonly Departure[];
}

/** The kinds whose fields are obeyed, in the order in which they are told. */
export const obeyed: readonly FieldSource[] = [
  ...Object.entries(unenforcedFields).flatMap(([kind, departures]) => {
    const shape = kinds[kind]?.spec;
    return shape === undefined ? [] : [{ kind, shape, path: "spec", departures }];
  }),
  { kind: "MeshConfig", shape: object(checkedFields), path: "meshConfig", departures: unenforcedMeshFields },
  { kind: proxyConfigAnnotation, shape: proxyConfigShape, path: "proxyConfig", departures: proxyConfigDepartures },
];

/** Every field of the kinds that are obeyed at all, before anything is said of it. */
export function obeyedFields(): readonly (Field & { readonly kind: string })[] {
  return obeyed.flatMap(({ kind, shape, path }) => fieldsOf(shape, path).map((field) => ({ ...field, kind })));
}
