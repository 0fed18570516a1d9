import { hostHint, wildcardDomainFault } from "../domain.ts";
import type { Decoded } from "../shape.ts";
import type { destination } from "../shapes/virtual-service.ts";
import { subsetNameFault } from "./destination-rule.ts";
import { type Report, refuseFault } from "./report.ts";
import { portFault } from "./values.ts";

export type Destination = Decoded<typeof destination>;

export function validateDestination(to: Destination | undefined, field: string, report: Report): void {
  if (to === undefined) return;
  const { host = "", subset = "", port } = to;
  if (host === "*") report.refuse(`${field}.host`, "invalid destination host *");
  else refuseFault(report, `${field}.host`, wildcardDomainFault(host), hostHint(host));
  if (subset !== "") refuseFault(report, `${field}.subset`, subsetNameFault(subset));
  if (port !== undefined) refuseFault(report, `${field}.port.number`, portFault(port.number ?? 0));
}

/** Destinations of one route: the weights of several must not all be zero. */
export function validateWeights(
  routes: readonly { readonly destination?: Destination; readonly weight?: number }[],
  field: string,
  report: Report,
): void {
  for (const [index, { destination: to, weight = 0 }] of routes.entries()) {
    const at = `${field}[${index}]`;
    if (to === undefined) report.refuse(at, "destination is required");
    validateDestination(to, `${at}.destination`, report);
    if (weight < 0) report.refuse(`${at}.weight`, `weight ${weight} < 0`);
  }
  if (routes.length > 1 && routes.reduce((sum, { weight = 0 }) => sum + weight, 0) === 0)
    report.refuse(field, "total destination weight = 0", "give at least one destination a weight");
}
