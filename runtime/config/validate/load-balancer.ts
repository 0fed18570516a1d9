import type { TrafficPolicy } from "./specs.ts";
import { validateLocalitySetting, validateZoneAwareSetting } from "./locality.ts";
import { type Report, refuseFault } from "./report.ts";
import { durationFault } from "./values.ts";

type LoadBalancer = NonNullable<TrafficPolicy["loadBalancer"]>;
type ConsistentHash = NonNullable<LoadBalancer["consistentHash"]>;

export function validateLoadBalancer(
  settings: LoadBalancer | undefined,
  hasOutlierDetection: boolean,
  field: string,
  report: Report,
): void {
  if (settings === undefined) return;
  if (settings.consistentHash !== undefined) validateHash(settings.consistentHash, `${field}.consistentHash`, report);
  if (settings.localityLbSetting !== undefined && settings.zoneAwareLbSetting !== undefined)
    report.refuse(`${field}.zoneAwareLbSetting`, "only one of localityLbSetting and zoneAwareLbSetting can be set");
  validateLocalitySetting(settings.localityLbSetting, hasOutlierDetection, `${field}.localityLbSetting`, report);
  validateZoneAwareSetting(settings.zoneAwareLbSetting, hasOutlierDetection, `${field}.zoneAwareLbSetting`, report);
  const { warmup } = settings;
  if (warmup === undefined) return;
  if (warmup.duration === undefined) report.refuse(`${field}.warmup`, "duration is required");
  else refuseFault(report, `${field}.warmup.duration`, durationFault(warmup.duration));
  if ((warmup.minimumPercent ?? 0) > 100)
    report.refuse(`${field}.warmup.minimumPercent`, "minimumPercent value should be less than or equal to 100");
  if (warmup.aggression !== undefined && warmup.aggression <= 0)
    report.refuse(`${field}.warmup.aggression`, "aggression should be greater than 0");
}

function validateHash(hash: ConsistentHash, field: string, report: Report): void {
  const { httpCookie: cookie, minimumRingSize = 0, maglev } = hash;
  if (cookie !== undefined) {
    if ((cookie.name ?? "") === "") report.refuse(`${field}.httpCookie.name`, "name required for HttpCookie");
    const names = new Set<string>();
    for (const [index, { name = "" }] of (cookie.attributes ?? []).entries()) {
      const at = `${field}.httpCookie.attributes[${index}].name`;
      if (name === "") report.refuse(at, "cookie attribute name cannot be empty");
      else if (names.has(name)) report.refuse(at, `duplicate cookie attribute name: ${name}`);
      names.add(name);
    }
  }
  if (minimumRingSize !== 0) {
    report.warn(
      `${field}.minimumRingSize`,
      "consistent hash MinimumRingSize is deprecated, use ConsistentHashLB's RingHash configuration instead",
    );
    if (hash.ringHash !== undefined || maglev !== undefined)
      report.refuse(`${field}.minimumRingSize`, "only one of MinimumRingSize or Maglev/Ringhash can be specified");
  }
  if (maglev === undefined) return;
  const size = maglev.tableSize ?? 0;
  const at = `${field}.maglev.tableSize`;
  if (size === 0) report.refuse(at, "tableSize must be set for maglev");
  if (size >= 5000011) report.refuse(at, "tableSize must be less than 5000011 for maglev");
  if (!isPrime(size)) report.refuse(at, "tableSize must be a prime number for maglev");
}

function isPrime(number: number): boolean {
  if (number !== 0 && number < 4) return true;
  if (number % 2 === 0) return false;
  // Numbers beyond what Maglev takes are refused anyway: a bound keeps them from costing time.
  const limit = Math.min(Math.floor(Math.sqrt(number)), 100_000);
  for (let factor = 3; factor <= limit; factor += 2) if (number % factor === 0) return false;
  return true;
}
