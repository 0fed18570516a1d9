import { isLabel } from "./domain.ts";
import { validateGateways } from "./gateway-names.ts";
import { hostCovers } from "./host-names.ts";
import { isCidr, isIpAddress } from "./ip-text.ts";
import { isLabelKey, isLabelValue } from "./names.ts";
import type { Refuse } from "./refuse.ts";
import { validateDestinations } from "./validate-destination.ts";
import { isRecord } from "./yaml-tree.ts";

/** `tls[]` (with `hosts`, which its SNI names must be within) and `tcp[]`. Shapes were checked before. */
export function validateL4Routes(
  routes: readonly unknown[],
  list: string,
  hosts: readonly string[] | undefined,
  refuse: Refuse,
): void {
  for (const [index, route] of routes.entries()) {
    if (!isRecord(route)) continue;
    const field = `${list}[${index}]`;
    const matches: readonly unknown[] = Array.isArray(route["match"]) ? route["match"] : [];
    if (hosts !== undefined && matches.length === 0) refuse(field, "a tls route needs a match");
    for (const [position, match] of matches.entries())
      if (isRecord(match)) validateMatch(match, `${field}.match[${position}]`, hosts, refuse);
    const destinations: readonly unknown[] = Array.isArray(route["route"]) ? route["route"] : [];
    if (destinations.length === 0) refuse(field, "a route needs destinations");
    validateDestinations(destinations, `${field}.route`, refuse);
  }
}

function validateMatch(
  match: Readonly<Record<string, unknown>>,
  field: string,
  hosts: readonly string[] | undefined,
  refuse: Refuse,
): void {
  const subnets = strings(match["destinationSubnets"]);
  for (const [index, subnet] of subnets.entries()) {
    if (!(subnet.includes("/") ? isCidr(subnet) : isIpAddress(subnet)))
      refuse(`${field}.destinationSubnets[${index}]`, `${subnet} is not a CIDR range`);
  }
  const port = match["port"];
  if (typeof port === "number" && port > 65535) refuse(`${field}.port`, `${port} is not a port in 1..65535`);
  for (const [key, value] of Object.entries(isRecord(match["sourceLabels"]) ? match["sourceLabels"] : {})) {
    if (!isLabelKey(key) || typeof value !== "string" || !isLabelValue(value))
      refuse(`${field}.sourceLabels.${key}`, `${key}: ${String(value)} is not a valid label`);
  }
  validateGateways(strings(match["gateways"]), `${field}.gateways`, refuse);
  const namespace = match["sourceNamespace"];
  if (typeof namespace === "string" && namespace !== "" && !isLabel(namespace))
    refuse(`${field}.sourceNamespace`, `${namespace} is not a namespace`);
  if (hosts === undefined) return;
  const sniHosts = strings(match["sniHosts"]);
  // Istio warns of an address as SNI and looks no further.
  if (sniHosts.length === 0) refuse(field, "a tls match needs sniHosts");
  for (const [index, sni] of sniHosts.entries()) {
    if (
      !isIpAddress(sni) &&
      !hosts.some((host) => host === sni || (host.startsWith("*") && hostCovers(host, sni.replace(/^\*/, "x"))))
    ) {
      refuse(`${field}.sniHosts[${index}]`, `${sni} is not within the hosts of the VirtualService`);
    }
  }
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
