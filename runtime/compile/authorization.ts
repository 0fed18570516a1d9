import type { AuthorizationPolicy } from "../model/istio-security.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { CompiledPolicy, CompiledRule, CustomStage, PolicySet } from "../model/policy.ts";
import { provenance } from "../model/resource.ts";
import { isSelected } from "../policy/selector.ts";
import { bindProviders, type CustomProvider, isTrue } from "./custom-action.ts";
import { compileRule } from "./rule.ts";

interface BothLayers {
  readonly source: AuthorizationPolicy;
  readonly http: CompiledPolicy;
  readonly tcp: CompiledPolicy;
}

/** The policy sets of a workload by layer; every policy is compiled once per mesh, whatever the number of workloads. */
export function bindAuthorization(
  mesh: Mesh,
): (workload: Workload) => { readonly http: PolicySet; readonly tcp: PolicySet } {
  const trustDomains = trustDomainsOf(mesh);
  const providersOf = bindProviders(mesh);
  const byNamespace = new Map<string, BothLayers[]>();
  for (const source of mesh.policies.authorizationPolicies) {
    // Policies for gateways and waypoints say nothing to sidecars (spec AP-2).
    if (source.spec.targetRef !== undefined || (source.spec.targetRefs ?? []).length > 0) continue;
    const compiled: BothLayers = {
      source,
      http: compilePolicy(source, "http", trustDomains),
      tcp: compilePolicy(source, "tcp", trustDomains),
    };
    const list = byNamespace.get(source.namespace);
    if (list === undefined) byNamespace.set(source.namespace, [compiled]);
    else list.push(compiled);
  }

  return (workload) => {
    const namespaces = new Set([mesh.config.rootNamespace, workload.namespace]);
    const selected = [...namespaces]
      .flatMap((namespace) => byNamespace.get(namespace) ?? [])
      .filter((policy) => isSelected(policy.source.spec.selector?.matchLabels, workload.labels))
      .toSorted((a, b) => compareText(orderOf(a.http), orderOf(b.http)));
    const asking = selected.map(({ source }) => source).filter(({ spec }) => spec.action === "CUSTOM");
    const providers = providersOf(asking);
    return { http: policySet("http", selected, providers), tcp: policySet("tcp", selected, providers) };
  };
}

/** Compiles a policy whatever it applies to. */
export function bindAlone(mesh: Mesh, layer: "http" | "tcp"): (policy: AuthorizationPolicy) => CompiledPolicy {
  const trustDomains = trustDomainsOf(mesh);
  return (policy) => compilePolicy(policy, layer, trustDomains);
}

/** The mesh's own first, then its aliases. */
function trustDomainsOf({ config }: Mesh): readonly string[] {
  return [config.trustDomain, ...config.trustDomainAliases];
}

function policySet(
  layer: "http" | "tcp",
  selected: readonly BothLayers[],
  providers: ReadonlyMap<string, CustomProvider>,
): PolicySet {
  const names = selected.map(({ source: { spec } }) =>
    spec.action === "CUSTOM" ? (spec.provider?.name ?? "") : undefined,
  );
  const policies = selected.map((policy, index): CompiledPolicy => {
    const found = providers.get(names[index] ?? "");
    return found !== undefined && names[index] !== undefined && "fault" in found
      ? { ...policy[layer], fault: found.fault }
      : policy[layer];
  });
  const custom = [...providers].flatMap(([name, found]): readonly CustomStage[] => {
    // Network connections are no matter for HTTP authorizers: Istio passes them by (spec CU-6).
    if (layer === "tcp" && "provider" in found && found.provider.http !== undefined) return [];
    const indices = names.flatMap((each, index) => (each === name ? [index] : []));
    return [{ name, provider: "provider" in found ? found.provider : undefined, policies: indices }];
  });
  return { layer, policies, ...(custom.length === 0 ? {} : { custom }) };
}

function compilePolicy(
  policy: AuthorizationPolicy,
  layer: "http" | "tcp",
  trustDomains: readonly string[],
): CompiledPolicy {
  const action = policy.spec.action ?? "ALLOW";
  const context = { policy, action, layer, trustDomains };
  const rules: CompiledRule[] = [];
  for (const [index, rule] of (policy.spec.rules ?? []).entries()) {
    if (rule !== null) rules.push(compileRule(context, rule, index));
  }
  const id = `ns[${policy.namespace}]-policy[${policy.name}]`;
  return {
    id: action === "CUSTOM" ? `istio-ext-authz-${policy.spec.provider?.name ?? ""}-${id}` : id,
    action,
    dryRun: (action === "ALLOW" || action === "DENY") && isTrue(policy.annotations["istio.io/dry-run"]),
    from: provenance(policy, ""),
    // Rules are named in the byte order of their ids: rule[10] before rule[2] (spec AP-17).
    rules: rules.toSorted((a, b) => compareText(`${a.index}]`, `${b.index}]`)),
  };
}

function orderOf(policy: CompiledPolicy): string {
  const order = { CUSTOM: 0, DENY: 1, ALLOW: 2, AUDIT: 3 } as const;
  return `${order[policy.action]}${policy.id}`;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
