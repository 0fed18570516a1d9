import type { FieldPath } from "../config/edit/field-edit.ts";
import type { Mesh } from "../model/mesh.ts";
import { allowOptions } from "./allow-options.ts";
import { applyToMesh } from "./apply.ts";
import type { Ask, Reply } from "./ask.ts";
import { denyOptions } from "./deny-options.ts";
import { isAllowed, standingOf } from "./judge.ts";
import { identityOptions, mtlsOptions } from "./mtls-options.ts";
import type { Part } from "./part.ts";
import { allTogether, properParts } from "./together.ts";

/** An edit that lets the call pass, and the mesh with it. */
export interface Candidate {
  readonly parts: readonly Part[];
  readonly mesh: Mesh;
}

/** More parts than these are no small edit. */
const mostParts = 6;

/** How many ways to satisfy ALLOW are tried beside each way around DENY rules. */
const mostBeside = 6;

/** Edits that let a refused call pass and of which no proper part does. */
export function findEdits(mesh: Mesh, reply: Reply, ask: Ask): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  for (const parts of proposals(mesh, reply, ask)) {
    if (parts.length > mostParts) continue;
    const smallest = smallestOf(mesh, reply, parts.toSorted(byPlace), ask);
    if (smallest !== undefined) found.set(keyOf(smallest.parts), smallest);
  }
  return [...found.values()];
}

function proposals(mesh: Mesh, reply: Reply, ask: Ask): readonly (readonly Part[])[] {
  if (reply.kind !== "policy" && reply.kind !== "no-chain") return [];
  const sent = reply.sentPlain() ?? [];
  return [...beginning(mesh, identityOptions(mesh, sent), ask), ...direct(mesh, reply, ask)];
}

/** What takes the connection in, or gives it an identity, shows what else stands in the way. */
function beginning(mesh: Mesh, options: readonly (readonly Part[])[], ask: Ask): readonly (readonly Part[])[] {
  return options.flatMap((first) => {
    const after = applyToMesh(mesh, first);
    const next = after === undefined ? undefined : ask(after);
    if (after === undefined || next === undefined) return [];
    if (next.kind === "allowed") return [first];
    return next.kind === "policy" ? direct(after, next, ask).map((parts) => [...first, ...parts]) : [];
  });
}

function direct(
  mesh: Mesh,
  reply: Extract<Reply, { readonly kind: "policy" | "no-chain" }>,
  ask: Ask,
): readonly (readonly Part[])[] {
  switch (reply.kind) {
    case "policy": {
      const standing = standingOf(mesh, reply.workload, reply.facts);
      const denied = standing.denying.map((rule) => denyOptions(standing, rule));
      const allowed = standing.needsAllow ? allowOptions(standing) : [[]];
      const isBoth = denied.length > 0 && standing.needsAllow;
      return allTogether([...denied, isBoth ? allowed.slice(0, mostBeside) : allowed]);
    }
    case "no-chain":
      return beginning(mesh, mtlsOptions(mesh, reply.workload, reply.port, reply.because), ask);
  }
}

/** The smallest part of an edit that is enough; undefined: not even the whole is. */
function smallestOf(mesh: Mesh, reply: Reply, parts: readonly Part[], ask: Ask): Candidate | undefined {
  const passes = (some: readonly Part[]): Mesh | undefined => {
    const after = applyToMesh(mesh, some);
    if (after === undefined) return undefined;
    // Where only AuthorizationPolicies change, the request meets them as it did: no need to send it again on paper.
    const isSame = some.every(({ resource }) => resource.startsWith("AuthorizationPolicy "));
    const held =
      reply.kind === "policy" && isSame ? isAllowed(after, reply.workload, reply.facts) : ask(after).kind === "allowed";
    return held ? after : undefined;
  };
  if (passes(parts) === undefined) return undefined;
  for (const some of [...properParts(parts), parts]) {
    const after = passes(some);
    if (after !== undefined) return { parts: some, mesh: after };
  }
  return undefined;
}

/** What is taken out comes last, from the end: until then every place is where it was. */
function byPlace({ change: a }: Part, { change: b }: Part): number {
  const goes = (change: Part["change"]): boolean => change.kind === "edit" && change.edit.kind === "remove";
  if (!goes(a) || !goes(b)) return Number(goes(a)) - Number(goes(b));
  return a.kind === "edit" && b.kind === "edit" ? comparePaths(b.edit.path, a.edit.path) : 0;
}

function comparePaths(a: FieldPath, b: FieldPath): number {
  for (const [index, step] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (typeof step === "number" && typeof other === "number") {
      if (step !== other) return step - other;
    } else if (step !== other) return String(step) < String(other) ? -1 : 1;
  }
  return a.length - b.length;
}

function keyOf(parts: readonly Part[]): string {
  return JSON.stringify(
    parts.map(({ resource, change }) => (change.kind === "add" ? change.value : [resource, change.edit])),
  );
}
