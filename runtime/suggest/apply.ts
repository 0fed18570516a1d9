import { type DocumentEdit, editFile } from "../config/edit/edit-text.ts";
import { editValue, type FieldEdit } from "../config/edit/field-edit.ts";
import { parseDocuments } from "../config/documents.ts";
import { sortResources } from "../config/policies.ts";
import type { SourceFile } from "../core/source.ts";
import type { Mesh, MeshPolicies } from "../model/mesh.ts";
import type { NewPolicy, Part, Policy } from "./part.ts";

/** The mesh as it would be with these changes; undefined: one of them has no place, or makes a policy that is not valid. */
export function applyToMesh(mesh: Mesh, parts: readonly Part[]): Mesh | undefined {
  let policies: MeshPolicies | undefined = mesh.policies;
  for (const { change } of parts) {
    if (policies === undefined) return undefined;
    policies = change.kind === "add" ? withNew(policies, change.value) : withEdit(policies, change.policy, change.edit);
  }
  return policies === undefined ? undefined : { ...mesh, policies };
}

function withNew(policies: MeshPolicies, value: NewPolicy): MeshPolicies | undefined {
  const added = readPolicies(value);
  if (added === undefined) return undefined;
  return {
    ...policies,
    authorizationPolicies: [...policies.authorizationPolicies, ...added.authorizationPolicies],
    peerAuthentications: [...policies.peerAuthentications, ...added.peerAuthentications],
  };
}

function withEdit(policies: MeshPolicies, policy: Policy, edit: FieldEdit): MeshPolicies | undefined {
  switch (policy.kind) {
    case "AuthorizationPolicy": {
      const authorizationPolicies = replaced(policies.authorizationPolicies, policy, edit);
      return authorizationPolicies === undefined ? undefined : { ...policies, authorizationPolicies };
    }
    case "PeerAuthentication": {
      const peerAuthentications = replaced(policies.peerAuthentications, policy, edit);
      return peerAuthentications === undefined ? undefined : { ...policies, peerAuthentications };
    }
    case "DestinationRule": {
      const destinationRules = replaced(policies.destinationRules, policy, edit);
      return destinationRules === undefined ? undefined : { ...policies, destinationRules };
    }
  }
}

function replaced<P extends Policy>(
  policies: readonly P[],
  { name, namespace }: Policy,
  edit: FieldEdit,
): readonly P[] | undefined {
  const at = policies.findIndex((each) => each.name === name && each.namespace === namespace);
  const found = policies[at];
  if (found === undefined) return undefined;
  const changed = changedPolicy(found, edit);
  return changed === undefined ? undefined : policies.with(at, changed);
}

/** What edits made of policies: a search tries the same ones again and again. */
const changes = new WeakMap<Policy, Map<string, Policy | undefined>>();

function changedPolicy<P extends Policy>(policy: P, edit: FieldEdit): P | undefined {
  const known = changes.get(policy) ?? new Map<string, Policy | undefined>();
  changes.set(policy, known);
  const key = JSON.stringify(edit);
  if (!known.has(key)) known.set(key, validated(policy, specOf(editValue({ spec: policy.spec }, edit))));
  const changed = known.get(key);
  const isOfKind = (each: Policy | undefined): each is P => each?.kind === policy.kind;
  return isOfKind(changed) ? changed : undefined;
}

function validated<P extends Policy>(policy: P, spec: unknown): P | undefined {
  if (spec === undefined) return undefined;
  const { apiVersion, kind, name, namespace, annotations } = policy;
  const read = readPolicies({ apiVersion, kind, metadata: { name, namespace, annotations }, spec });
  const all: readonly Policy[] =
    read === undefined ? [] : [...read.authorizationPolicies, ...read.peerAuthentications, ...read.destinationRules];
  const found = all.find((each): each is P => each.kind === kind);
  return found === undefined ? undefined : { ...policy, spec: found.spec };
}

function specOf(document: unknown): unknown {
  return typeof document === "object" && document !== null && "spec" in document ? document.spec : undefined;
}

/** A document as validation lets it pass. */
function readPolicies(document: unknown): MeshPolicies | undefined {
  const file = parseDocuments({ path: "", text: JSON.stringify(document) });
  const resources = file.documents.flatMap(({ resource }) => resource ?? []);
  return resources.length === 0 ? undefined : sortResources(resources).policies;
}

/** The files as they would be with these changes, only those that change; undefined: some text cannot be changed so. */
export function applyToFiles(files: readonly SourceFile[], parts: readonly Part[]): readonly SourceFile[] | undefined {
  const edits = new Map<string, DocumentEdit[]>();
  for (const { change } of parts) {
    const file = change.kind === "add" ? change.file : change.policy.positions.file;
    const source = files.find(({ path }) => path === file);
    if (source === undefined) return undefined;
    const edit = editOf(source, change);
    if (edit === undefined) return undefined;
    edits.set(file, [...(edits.get(file) ?? []), edit]);
  }
  const edited: SourceFile[] = [];
  for (const [path, changes] of edits) {
    const source = files.find((file) => file.path === path);
    const file = source === undefined ? undefined : editFile(source, changes);
    if (file === undefined) return undefined;
    edited.push(file);
  }
  return edited;
}

function editOf(file: SourceFile, change: Part["change"]): DocumentEdit | undefined {
  if (change.kind === "add") return { document: "new", value: { ...change.value } };
  const document = numberOf(file, change.policy);
  return document === undefined ? undefined : { document, edit: change.edit };
}

/** Which object of its file a policy is. */
function numberOf(file: SourceFile, policy: Policy): number | undefined {
  const [line] = policy.positions.at[""] ?? [];
  const number = parseDocuments(file).documents.findIndex(
    ({ object, at }) =>
      object?.kind === policy.kind &&
      object.name === policy.name &&
      object.namespace === policy.namespace &&
      (line === undefined || at.line === line),
  );
  return number < 0 ? undefined : number;
}
