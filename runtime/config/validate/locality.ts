import type { TrafficPolicy } from "./specs.ts";
import type { Report } from "./report.ts";

type LoadBalancer = NonNullable<TrafficPolicy["loadBalancer"]>;
type Failover = NonNullable<NonNullable<LoadBalancer["localityLbSetting"]>["failover"]>;

const topologyLabels = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];

export function validateLocalitySetting(
  setting: LoadBalancer["localityLbSetting"],
  hasOutlierDetection: boolean,
  field: string,
  report: Report,
): void {
  if (setting === undefined) return;
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (distribute.length > 0 && failover.length > 0) {
    report.refuse(
      `${field}.failover`,
      "can not simultaneously specify 'distribute' and 'failover'",
      "keep one of them",
    );
    return;
  }
  const label = failover.length === 0 ? undefined : failoverPriority.find((each) => topologyLabels.includes(each));
  if (label !== undefined) {
    report.refuse(
      `${field}.failoverPriority`,
      `can not simultaneously set 'failover' and topology label '${label}' in 'failover_priority'`,
    );
    return;
  }
  const sources: string[] = [];
  for (const [index, { from = "", to = {} }] of distribute.entries()) {
    const at = `${field}.distribute[${index}]`;
    sources.push(from);
    const weights = Object.values(to);
    if (weights.some((weight) => weight <= 0 || weight > 100)) {
      report.refuse(`${at}.to`, "locality weight must be in range [1, 100]");
      return;
    }
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (total !== 100) {
      report.refuse(`${at}.to`, `total locality weight ${total} != 100`);
      return;
    }
    const fault = localitiesFault(Object.keys(to));
    if (fault !== undefined) report.refuse(`${at}.to`, fault);
  }
  const fault = localitiesFault(sources);
  if (fault !== undefined) report.refuse(`${field}.distribute`, fault);
  validateFailover(failover, failoverPriority, hasOutlierDetection, field, report, {
    same: "locality lb failover settings must specify different regions",
    slash: "locality lb failover only specify region",
    star: "locality lb failover region should not contain '*' wildcard",
  });
}

export function validateZoneAwareSetting(
  setting: LoadBalancer["zoneAwareLbSetting"],
  hasOutlierDetection: boolean,
  field: string,
  report: Report,
): void {
  if (setting === undefined) return;
  const { failover = [], failoverPriority = [] } = setting;
  for (const [index, label] of failoverPriority.entries()) {
    if (topologyLabels.includes(label))
      report.refuse(
        `${field}.failoverPriority[${index}]`,
        `'failover_priority' for zone aware lb must not use topology label '${label}'; region- and zone-level routing are handled automatically`,
      );
  }
  validateFailover(failover, failoverPriority, hasOutlierDetection, field, report, {
    same: "zone aware lb failover settings must specify different regions",
    slash: "zone aware lb failover only specifies region; zone and subzone failover are handled automatically",
    star: "zone aware lb failover region should not contain '*' wildcard",
  });
}

function validateFailover(
  failover: Failover,
  priority: readonly string[],
  hasOutlierDetection: boolean,
  field: string,
  report: Report,
  words: { readonly same: string; readonly slash: string; readonly star: string },
): void {
  if ((failover.length > 0 || priority.length > 0) && !hasOutlierDetection)
    report.warn(
      field,
      "outlier detection policy must be provided for failover",
      "add outlierDetection to the same policy",
    );
  for (const [index, { from = "", to = "" }] of failover.entries()) {
    const at = `${field}.failover[${index}]`;
    if (from === to) report.refuse(at, words.same);
    if (`${from}${to}`.includes("/")) report.refuse(at, words.slash);
    if (`${from}${to}`.includes("*")) report.refuse(at, words.star);
  }
}

/** The first locality that is malformed or covered by an earlier one. */
function localitiesFault(localities: readonly string[]): string | undefined {
  const seen: string[][] = [];
  for (const locality of localities) {
    const stars = locality.split("*").length - 1;
    if (stars > 1 || (stars === 1 && !locality.endsWith("*")))
      return `locality ${locality} wildcard '*' number can not exceed 1 and must be in the end`;
    const overlap = `locality ${locality} overlap with previous specified ones`;
    if (seen.some((earlier) => earlier[0] === "*")) return overlap;
    const [region = "", zone, ...rest] = locality.split("/");
    const parts = [region, ...(zone === undefined ? [] : [zone]), ...(rest.length === 0 ? [] : [rest.join("/")])];
    if (parts.includes("")) return `locality ${locality} must not contain empty region/zone/subzone info`;
    if (seen.some((earlier) => overlaps(earlier, parts))) return overlap;
    seen.push(parts);
  }
  return undefined;
}

/** A later locality collides with an earlier one when either says all of what the other narrows down; `*` counts for a whole level. */
function overlaps(earlier: readonly string[], later: readonly string[]): boolean {
  if (earlier[0] !== later[0]) return false;
  if (later.length === 1 || earlier.length === 1 || earlier[1] === "*") return true;
  if (earlier[1] !== later[1]) return false;
  return later.length === 2 || earlier.length === 2 || earlier[2] === "*" || earlier[2] === later[2];
}
