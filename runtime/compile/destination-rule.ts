import type { DestinationRule, Subset, TrafficPolicy } from "../model/istio-networking.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import { byAge } from "../model/resource.ts";
import { isSelected } from "../policy/selector.ts";
import { covers, resolveHost } from "./hostname.ts";

/** DestinationRules of one namespace for one host, consolidated (spec traffic 3.8.4). */
export interface MergedRule {
  /** Full name, or a wildcard. */
  readonly host: string;
  readonly exportTo: ReadonlySet<string>;
  readonly selector: Readonly<Record<string, string>> | undefined;
  /** The first top-level policy, with the rule it comes from. */
  readonly policy: { readonly rule: DestinationRule; readonly traffic: TrafficPolicy } | undefined;
  readonly subsets: readonly MergedSubset[];
}

export interface MergedSubset {
  readonly rule: DestinationRule;
  /** `spec.subsets[1]` in that rule. */
  readonly path: string;
  readonly subset: Subset;
}

interface NamespaceRules {
  readonly exact: ReadonlyMap<string, readonly MergedRule[]>;
  /** Longest first. */
  readonly wildcards: readonly (readonly [string, readonly MergedRule[]])[];
}

/** The rule that a client's sidecar uses for a host of a service's namespace (spec CT-5, CT-6, traffic 3.8, errata traffic A7). */
export function bindDestinationRules(
  mesh: Mesh,
): (client: Workload, host: string, hostNamespace: string) => MergedRule | undefined {
  const index = indexRules(mesh);
  const root = mesh.config.rootNamespace;

  return (client, host, hostNamespace) => {
    const own = index.get(client.namespace);
    if (own !== undefined) {
      // In the root namespace only what is private to it comes before the search of the others.
      const local =
        client.namespace === root
          ? filterRules(own, (rule) => [...rule.exportTo].every((to) => to === "." || to === root))
          : own;
      const found = choose(mostSpecific(local, host), client, () => true);
      if (found !== undefined) return found;
    }
    for (const namespace of [hostNamespace, root]) {
      const rules = index.get(namespace);
      if (rules === undefined) continue;
      const candidates = mostSpecific(rules, host);
      const found = choose(candidates, client, (rule) => isExported(rule, namespace, client.namespace));
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function choose(
  candidates: readonly MergedRule[],
  client: Workload,
  visible: (rule: MergedRule) => boolean,
): MergedRule | undefined {
  const seen = candidates.filter(visible);
  const selected = seen.find((rule) => rule.selector !== undefined && isSelected(rule.selector, client.labels));
  return selected ?? seen.findLast((rule) => rule.selector === undefined);
}

function isExported(rule: MergedRule, from: string, to: string): boolean {
  if (rule.selector !== undefined) return from === to;
  return rule.exportTo.has("*") || rule.exportTo.has(to) || (rule.exportTo.has(".") && from === to);
}

function mostSpecific(rules: NamespaceRules, host: string): readonly MergedRule[] {
  return rules.exact.get(host) ?? rules.wildcards.find(([wildcard]) => covers(wildcard, host))?.[1] ?? [];
}

function filterRules(rules: NamespaceRules, keep: (rule: MergedRule) => boolean): NamespaceRules {
  const filter = (
    entry: readonly [string, readonly MergedRule[]],
  ): readonly (readonly [string, readonly MergedRule[]])[] => {
    const kept = entry[1].filter(keep);
    return kept.length === 0 ? [] : [[entry[0], kept]];
  };
  return { exact: new Map([...rules.exact].flatMap(filter)), wildcards: rules.wildcards.flatMap(filter) };
}

function indexRules(mesh: Mesh): ReadonlyMap<string, NamespaceRules> {
  const byNamespace = new Map<string, Map<string, MergedRule[]>>();
  const ordered = mesh.policies.destinationRules.toSorted((a, b) => bySelector(a) - bySelector(b) || byAge(a, b));
  for (const rule of ordered) {
    const hosts = byNamespace.get(rule.namespace) ?? new Map<string, MergedRule[]>();
    byNamespace.set(rule.namespace, hosts);
    const host = resolveHost(rule.spec.host.toLowerCase(), rule.namespace);
    const list = hosts.get(host) ?? [];
    hosts.set(host, list);
    const merged = mergedRule(rule, host, mesh.config.defaultDestinationRuleExportTo);
    const at = list.findIndex((other) => canMerge(other, merged));
    const other = list[at];
    if (other === undefined) list.push(merged);
    else list[at] = merge(other, merged);
  }
  return new Map([...byNamespace].map(([namespace, hosts]) => [namespace, splitWildcards(hosts)]));
}

/** Rules with a selector come first. */
function bySelector(rule: DestinationRule): number {
  return rule.spec.workloadSelector === undefined ? 1 : 0;
}

function splitWildcards(hosts: ReadonlyMap<string, readonly MergedRule[]>): NamespaceRules {
  const entries = [...hosts];
  return {
    exact: new Map(entries.filter(([host]) => !host.startsWith("*"))),
    wildcards: entries.filter(([host]) => host.startsWith("*")).toSorted(([a], [b]) => b.length - a.length),
  };
}

function mergedRule(rule: DestinationRule, host: string, defaultExportTo: readonly string[]): MergedRule {
  const exportTo = rule.spec.exportTo ?? [];
  const traffic = rule.spec.trafficPolicy;
  return {
    host,
    exportTo: new Set(exportTo.length > 0 ? exportTo : defaultExportTo),
    selector: rule.spec.workloadSelector?.matchLabels,
    policy: traffic === undefined ? undefined : { rule, traffic },
    subsets: (rule.spec.subsets ?? []).map((subset, at) => ({ rule, path: `spec.subsets[${at}]`, subset })),
  };
}

function canMerge(a: MergedRule, b: MergedRule): boolean {
  const selectors = [a.selector, b.selector].map((selector) =>
    selector === undefined ? "" : JSON.stringify(Object.entries(selector).toSorted(([x], [y]) => (x < y ? -1 : 1))),
  );
  return selectors[0] === selectors[1] && (a.exportTo.isSupersetOf(b.exportTo) || b.exportTo.isSupersetOf(a.exportTo));
}

function merge(first: MergedRule, next: MergedRule): MergedRule {
  const known = new Set(first.subsets.map((each) => each.subset.name));
  return {
    ...first,
    policy: first.policy ?? next.policy,
    subsets: [...first.subsets, ...next.subsets.filter((each) => !known.has(each.subset.name))],
  };
}
