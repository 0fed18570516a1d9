import type { AuthorizationRule } from "../model/istio-security.ts";
import type { Mesh } from "../model/mesh.ts";
import { positionOf, type Resource } from "../model/resource.ts";
import type { ResourceView, RuleView } from "../model/state.ts";
import { isSelected } from "../policy/selector.ts";

/** Every resource of the mesh: where it stands, whom it is for, and what it says in short. */
export function viewResources(mesh: Mesh): readonly ResourceView[] {
  const { peerAuthentications, authorizationPolicies, destinationRules, virtualServices } = mesh.policies;
  const none = { action: null, hosts: [], rules: [] } as const;
  return [
    ...peerAuthentications.map((resource) => ({
      ...viewResource(resource, selected(mesh, resource)),
      ...none,
      action: resource.spec.mtls?.mode ?? null,
    })),
    ...authorizationPolicies.map((resource) => ({
      ...viewResource(resource, selected(mesh, resource)),
      ...none,
      action: resource.spec.action ?? "ALLOW",
      rules: (resource.spec.rules ?? []).map((rule, index) => viewRule(resource, rule, index)),
    })),
    ...destinationRules.map((resource) => ({ ...viewResource(resource, []), ...none, hosts: [resource.spec.host] })),
    ...virtualServices.map((resource) => ({
      ...viewResource(resource, []),
      ...none,
      hosts: resource.spec.hosts ?? [],
    })),
    ...mesh.others.map((resource) => ({ ...viewResource(resource, []), ...none })),
  ];
}

function viewResource(
  resource: Resource,
  selects: readonly string[],
): Pick<ResourceView, "kind" | "namespace" | "name" | "file" | "line" | "selects"> {
  const { file, line } = positionOf(resource, "");
  return { kind: resource.kind, namespace: resource.namespace, name: resource.name, file, line, selects };
}

/** Workloads that a security policy is for: those that its selector names in its namespace, or everywhere from the root namespace. */
function selected(
  mesh: Mesh,
  {
    namespace,
    spec,
  }: Resource<string, { readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> } }>,
): readonly string[] {
  const labels = spec.selector?.matchLabels ?? {};
  return mesh.workloads
    .filter((workload) => workload.sidecar)
    .filter((workload) => namespace === mesh.config.rootNamespace || workload.namespace === namespace)
    .filter((workload) => isSelected(labels, workload.labels))
    .map((workload) => workload.id);
}

function viewRule(resource: Resource, rule: AuthorizationRule | null, index: number): RuleView {
  return {
    id: `ns[${resource.namespace}]-policy[${resource.name}]-rule[${index}]`,
    line: positionOf(resource, `spec.rules[${index}]`).line,
    words: rule === null ? "any request" : ruleWords(rule),
  };
}

/** `from principals [cluster.local/ns/default/sa/web] to methods [GET] when request.headers[x-a] [1]` */
function ruleWords({ from = [], to = [], when = [] }: AuthorizationRule): string {
  const groups = (list: readonly object[]): string => list.map(fieldWords).join(" or ");
  const parts = [
    ...(from.length === 0 ? [] : [`from ${groups(from.map(({ source }) => source))}`]),
    ...(to.length === 0 ? [] : [`to ${groups(to.map(({ operation }) => operation))}`]),
    ...when.map(({ key, values, notValues }) => `when ${key}${valueWords(values)}${valueWords(notValues, " not")}`),
  ];
  return parts.length === 0 ? "any request" : parts.join(" ");
}

function fieldWords(group: object): string {
  return Object.entries(group)
    .map(([field, values]: [string, unknown]) => `${field}${valueWords(values)}`)
    .join(" ");
}

function valueWords(values: unknown, before = ""): string {
  return Array.isArray(values) && values.length > 0 ? `${before} [${values.join(", ")}]` : "";
}
