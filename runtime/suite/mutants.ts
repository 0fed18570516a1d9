import type { SourcePosition } from "../core/source.ts";
import { requestAuthentications } from "../compile/request-authentication.ts";
import type { AuthorizationPolicySpec, MtlsMode, PeerAuthentication } from "../model/istio-security.ts";
import type { Mesh } from "../model/mesh.ts";
import { positionOf, resourceName, type Resource } from "../model/resource.ts";
import { ruleMutants } from "./rule-mutants.ts";

/** A mesh in which one thing of one policy is changed. */
export interface Mutant {
  /** `AuthorizationPolicy default/backend-allow` */
  readonly resource: string;
  /** What was changed. */
  readonly at: SourcePosition;
  /** Field path inside the document. */
  readonly field: string;
  /** `drop the clause to.operation.methods [GET]` */
  readonly change: string;
  /** The policy as it was, and as it is; undefined: it is gone. */
  readonly before: Resource;
  readonly after: Resource | undefined;
  readonly mesh: Mesh;
}

/** A change of one policy. */
export interface Change<Spec> {
  readonly field: string;
  readonly change: string;
  /** Undefined: the policy is gone. */
  readonly spec: Spec | undefined;
}

/** Every mutant of the policies of a mesh, in the order of the files. */
export function mutantsOf(mesh: Mesh): readonly Mutant[] {
  const { authorizationPolicies, peerAuthentications } = mesh.policies;
  return [
    ...authorizationPolicies.flatMap((policy) =>
      authorizationChanges(policy.spec).map((change) => ({
        ...described(policy, change),
        mesh: withPolicies(mesh, { authorizationPolicies: replaced(authorizationPolicies, policy, change.spec) }),
      })),
    ),
    ...peerAuthentications.flatMap((policy) =>
      peerChanges(policy).map((change) => ({
        ...described(policy, change),
        mesh: withPolicies(mesh, { peerAuthentications: replaced(peerAuthentications, policy, change.spec) }),
      })),
    ),
    ...requestAuthentications(mesh).map((policy) => ({
      ...described(policy, { field: "", change: "drop the policy", spec: undefined }),
      mesh: { ...mesh, others: mesh.others.filter((each) => each !== policy) },
    })),
  ].toSorted(byPlace);
}

function byPlace(a: Mutant, b: Mutant): number {
  if (a.at.file !== b.at.file) return a.at.file < b.at.file ? -1 : 1;
  return a.at.line - b.at.line || a.at.column - b.at.column;
}

function described(policy: Resource, { field, change, spec }: Change<unknown>): Omit<Mutant, "mesh"> {
  const after = spec === undefined ? undefined : { ...policy, spec };
  return { resource: resourceName(policy), at: positionOf(policy, field), field, change, before: policy, after };
}

function withPolicies(mesh: Mesh, policies: Partial<Mesh["policies"]>): Mesh {
  return { ...mesh, policies: { ...mesh.policies, ...policies } };
}

function replaced<R extends Resource>(list: readonly R[], policy: R, spec: R["spec"] | undefined): readonly R[] {
  return spec === undefined
    ? list.filter((each) => each !== policy)
    : list.map((each) => (each === policy ? { ...policy, spec } : each));
}

function authorizationChanges(spec: AuthorizationPolicySpec): readonly Change<AuthorizationPolicySpec>[] {
  const action = spec.action ?? "ALLOW";
  const changes: Change<AuthorizationPolicySpec>[] = [{ field: "", change: "drop the policy", spec: undefined }];
  if (action === "ALLOW" || action === "DENY") {
    const other = action === "ALLOW" ? "DENY" : "ALLOW";
    changes.push({
      field: "spec.action",
      change: `action ${other} instead of ${action}`,
      spec: { ...spec, action: other },
    });
  }
  if (Object.keys(spec.selector?.matchLabels ?? {}).length > 0) {
    const { selector: _selector, ...rest } = spec;
    changes.push({ field: "spec.selector", change: "drop the selector", spec: rest });
  }
  const rules = spec.rules ?? [];
  for (const [index, rule] of rules.entries()) {
    const field = `spec.rules[${index}]`;
    changes.push({ field, change: "drop the rule", spec: { ...spec, rules: rules.toSpliced(index, 1) } });
    if (rule === null) continue;
    for (const { field: inner, change, spec: changed } of ruleMutants(rule, field))
      if (changed !== undefined)
        changes.push({ field: inner, change, spec: { ...spec, rules: rules.with(index, changed) } });
  }
  return changes;
}

const otherModes: Readonly<Record<string, readonly MtlsMode[]>> = {
  STRICT: ["PERMISSIVE"],
  PERMISSIVE: ["STRICT"],
  DISABLE: ["PERMISSIVE"],
};

function peerChanges({ spec }: PeerAuthentication): readonly Change<PeerAuthentication["spec"]>[] {
  const { mtls, portLevelMtls = {} } = spec;
  const words = (from: string, to: string): string => `mode ${to} instead of ${from}`;
  return [
    { field: "", change: "drop the policy", spec: undefined },
    ...(otherModes[mtls?.mode ?? ""] ?? []).map((mode) => ({
      field: "spec.mtls.mode",
      change: words(mtls?.mode ?? "", mode),
      spec: { ...spec, mtls: { mode } },
    })),
    ...Object.entries(portLevelMtls).flatMap(([port, { mode: before = "" }]) =>
      (otherModes[before] ?? []).map((mode) => ({
        field: `spec.portLevelMtls.${port}.mode`,
        change: words(before, mode),
        spec: { ...spec, portLevelMtls: { ...portLevelMtls, [port]: { mode } } },
      })),
    ),
  ];
}
