import type { FieldEdit, FieldPath, PlainValue } from "../config/edit/field-edit.ts";
import type { SourcePosition } from "../core/source.ts";
import type { DestinationRule } from "../model/istio-networking.ts";
import type { AuthorizationPolicy, PeerAuthentication } from "../model/istio-security.ts";
import { positionOf, resourceName } from "../model/resource.ts";

/** A policy as files hold it. */
export type Policy = AuthorizationPolicy | PeerAuthentication | DestinationRule;

/** One change of one policy: what an edit is made of. */
export interface Part {
  /** `AuthorizationPolicy default/backend-allow` */
  readonly resource: string;
  /** What it does, as a sentence goes on: `add POST to to.operation.methods of rule 0`. */
  readonly what: string;
  readonly at: SourcePosition;
  /** It takes mutual TLS away. */
  readonly dangerous: boolean;
  readonly change:
    | { readonly kind: "edit"; readonly policy: Policy; readonly edit: FieldEdit }
    /** `beside`: a policy whose file gets the new document. */
    | { readonly kind: "add"; readonly value: NewPolicy; readonly file: string };
}

export interface NewPolicy {
  readonly apiVersion: string;
  readonly kind: "AuthorizationPolicy" | "PeerAuthentication";
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly [name: string]: PlainValue };
}

/** `spec.rules[0].to` as steps. Names of policies' fields hold neither dots nor brackets. */
export function stepsOf(path: string): FieldPath {
  return Array.from(path.matchAll(/\[(\d+)\]|[^.[\]]+/g), ([step, index]) =>
    index === undefined ? step : Number(index),
  );
}

/** @param path of the field that the excerpt of the file begins at. */
export function editPart(policy: Policy, path: string, edit: FieldEdit, what: string, dangerous = false): Part {
  return {
    resource: resourceName(policy),
    what,
    at: positionOf(policy, path),
    dangerous,
    change: { kind: "edit", policy, edit },
  };
}

export function addPart(file: string, value: NewPolicy, what: string, dangerous = false): Part {
  const { name, namespace } = value.metadata;
  return {
    resource: `${value.kind} ${namespace}/${name}`,
    what,
    at: { file, line: 1, column: 1 },
    dangerous,
    change: { kind: "add", value, file },
  };
}

/** Metadata of a policy to add, by a name that no other of its kind has there. */
export function freeMetadata(
  name: string,
  namespace: string,
  others: readonly { readonly namespace: string; readonly name: string }[],
): NewPolicy["metadata"] {
  const taken = new Set(others.filter((each) => each.namespace === namespace).map((each) => each.name));
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? name : `${name}-${number}`;
    if (!taken.has(free)) return { name: free, namespace };
  }
}
