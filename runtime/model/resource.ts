import type { SourcePosition } from "../core/source.ts";

export type Labels = Readonly<Record<string, string>>;

/** Where each field of a document stands: field path (`spec.rules[0].to`) → line and column. `""` is the document itself. */
export interface FieldPositions {
  readonly file: string;
  readonly at: Readonly<Record<string, readonly [line: number, column: number]>>;
}

/** One Kubernetes document as the API server would hold it: unmodified spec, defaults not filled in. */
export interface Resource<Kind extends string = string, Spec = unknown> {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Milliseconds since the epoch from `metadata.creationTimestamp`; absent when the file does not say. */
  readonly createdAt?: number;
  readonly spec: Spec;
  readonly positions: FieldPositions;
}

/** `Kind namespace/name`, as every screen and message names a resource. */
export function resourceName(resource: Pick<Resource, "kind" | "namespace" | "name">): string {
  return `${resource.kind} ${resource.namespace}/${resource.name}`;
}

/** The position of `path`, or of the nearest enclosing field that has one. */
export function positionOf(resource: Pick<Resource, "positions">, path: string): SourcePosition {
  const { file, at } = resource.positions;
  let rest = path;
  for (;;) {
    const found = at[rest];
    if (found !== undefined) return { file, line: found[0], column: found[1] };
    if (rest === "") return { file, line: 1, column: 1 };
    const cut = Math.max(rest.lastIndexOf("."), rest.lastIndexOf("["));
    rest = cut <= 0 ? "" : rest.slice(0, cut);
  }
}

/** Oldest first; equal or missing ages by name, then namespace (model.md §1, spec PA-3). Which one wins rests on this order. */
export function byAge(
  a: Pick<Resource, "createdAt" | "name" | "namespace">,
  b: Pick<Resource, "createdAt" | "name" | "namespace">,
): number {
  const age = (a.createdAt ?? 0) - (b.createdAt ?? 0);
  if (age !== 0) return age;
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  return 0;
}

/** A field of a resource that caused something: what every "because" on a screen is made of. */
export interface Provenance {
  readonly resource: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Field path inside the document. */
  readonly field: string;
}

export function provenance(resource: Resource, field: string): Provenance {
  return { resource: resourceName(resource), ...positionOf(resource, field), field };
}
