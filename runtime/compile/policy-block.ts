import type { DestinationRule, PortTrafficPolicy, TrafficPolicy } from "../model/istio-networking.ts";
import type { MergedRule } from "./destination-rule.ts";

/** The blocks of a traffic policy that may also stand under a port. */
export type PolicyBlock = Exclude<keyof PortTrafficPolicy, "port">;

export interface ChosenBlock<Name extends PolicyBlock> {
  readonly value: NonNullable<PortTrafficPolicy[Name]>;
  readonly rule: DestinationRule;
  /** Field path of the block inside the rule. */
  readonly field: string;
}

/**
 * Which block of a rule applies to one port and subset (`""`: the whole service). A port entry replaces the level it stands on, also
 * where it has no such block; a subset's block replaces the rule's as a whole (spec CT-1…CT-3, traffic 3.6.1, 3.7).
 */
export function policyBlock<Name extends PolicyBlock>(
  rule: MergedRule | undefined,
  port: number,
  subsetName: string,
  name: Name,
): ChosenBlock<Name> | undefined {
  if (rule === undefined) return undefined;
  const subset = rule.subsets.find((each) => each.subset.name === subsetName);
  const traffic = subset?.subset.trafficPolicy;
  const base = rule.policy;
  const whole = (): ChosenBlock<Name> | undefined =>
    base === undefined ? undefined : blockOf(base.rule, base.traffic, "spec.trafficPolicy", port, name);
  if (subset === undefined || traffic === undefined) return whole();
  const own = blockOf(subset.rule, traffic, `${subset.path}.trafficPolicy`, port, name);
  return own !== undefined || portEntry(traffic, port) !== undefined ? own : whole();
}

function blockOf<Name extends PolicyBlock>(
  rule: DestinationRule,
  traffic: TrafficPolicy,
  path: string,
  port: number,
  name: Name,
): ChosenBlock<Name> | undefined {
  const entry = portEntry(traffic, port);
  const place = entry === undefined ? path : `${path}.portLevelSettings[${entry.index}]`;
  const value = (entry?.settings ?? traffic)[name];
  return value === undefined || value === null ? undefined : { value, rule, field: `${place}.${name}` };
}

/** The entry of a service port among `portLevelSettings`. */
export function portEntry(
  traffic: TrafficPolicy,
  port: number,
): { readonly index: number; readonly settings: PortTrafficPolicy } | undefined {
  const entries = traffic.portLevelSettings ?? [];
  const index = entries.findIndex((entry) => entry.port?.number === port);
  const settings = entries[index];
  return settings === undefined ? undefined : { index, settings };
}
