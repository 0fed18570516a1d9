import type { Refuse } from "./refuse.ts";
import { isRecord } from "./yaml-tree.ts";

const topologyLabels: readonly unknown[] = [
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
];

/** `localityLbSetting` (spec traffic 10.2.3). */
export function validateLocality(setting: Readonly<Record<string, unknown>>, field: string, refuse: Refuse): void {
  const distribute = records(setting["distribute"]);
  const failover = records(setting["failover"]);
  if (distribute.length > 0 && failover.length > 0)
    refuse(`${field}.failover`, "distribute and failover cannot stand beside each other");
  if (failover.length > 0)
    refuseLabels(setting["failoverPriority"], topologyLabels.slice(1), `${field}.failoverPriority`, refuse);
  validateLocalities(
    distribute.map((entry) => entry["from"]),
    `${field}.distribute`,
    refuse,
  );
  for (const [index, entry] of distribute.entries()) {
    const to = isRecord(entry["to"]) ? entry["to"] : {};
    const at = `${field}.distribute[${index}].to`;
    validateLocalities(Object.keys(to), at, refuse);
    const weights = Object.values(to).filter((weight) => typeof weight === "number");
    if (weights.some((weight) => weight < 1 || weight > 100)) refuse(at, "each weight must be in 1..100");
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (total !== 100) refuse(at, `the weights add up to ${total}, not to 100`);
  }
  validateFailover(failover, `${field}.failover`, refuse);
}

/** `zoneAwareLbSetting`: failover by region only. */
export function validateZoneAware(setting: Readonly<Record<string, unknown>>, field: string, refuse: Refuse): void {
  refuseLabels(setting["failoverPriority"], topologyLabels, `${field}.failoverPriority`, refuse);
  validateFailover(records(setting["failover"]), `${field}.failover`, refuse);
}

function validateFailover(entries: readonly Readonly<Record<string, unknown>>[], field: string, refuse: Refuse): void {
  for (const [index, { from, to }] of entries.entries()) {
    const at = `${field}[${index}]`;
    if (from === to) refuse(at, "failover must lead to another region");
    const regions = [from, to].map(String);
    if (regions.some((region) => region.includes("/"))) refuse(at, "failover names regions only");
    if (regions.some((region) => region.includes("*"))) refuse(at, "failover has no wildcards");
  }
}

function refuseLabels(labels: unknown, refused: readonly unknown[], field: string, refuse: Refuse): void {
  for (const label of Array.isArray(labels) ? labels : []) {
    if (refused.includes(label)) refuse(field, `failoverPriority cannot name ${String(label)} here`);
  }
}

/** `region/zone/subzone` with at most one `*`, at the end; none may be covered by an earlier one. */
function validateLocalities(localities: readonly unknown[], field: string, refuse: Refuse): void {
  const earlier: (readonly string[])[] = [];
  for (const locality of localities) {
    if (typeof locality !== "string") continue;
    const parts = locality.split("/");
    const star = locality.indexOf("*");
    if (star !== -1 && star !== locality.length - 1)
      refuse(field, `locality ${locality}: one * is allowed, at the end`);
    if (parts.some((part) => part === "")) refuse(field, `locality ${locality} has an empty part`);
    if (earlier.some((other) => covers(other, parts)))
      refuse(field, `locality ${locality} is covered by an earlier one`);
    earlier.push(parts);
  }
}

/** Whether a locality is within a wider one: `eu` holds `eu/a`, `eu/*` too. */
function covers(wide: readonly string[], parts: readonly string[]): boolean {
  return wide.every((part, index) => part === "*" || part === parts[index]);
}

function records(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
