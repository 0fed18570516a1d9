import { hostHint, wildcardDomainFault } from "../domain.ts";
import { goList } from "../go-text.ts";
import { isIpAddress } from "../ip-text.ts";
import { validateExportTo } from "./export-to.ts";
import { validateGatewayNames } from "./gateway-names.ts";
import { isClaimRoute } from "./header-names.ts";
import { gatewayHostFault } from "./gateway-host.ts";
import { hostsMatch } from "./host-match.ts";
import { validateHttpRoute } from "./http-route.ts";
import { validateTcpRoute, validateTlsRoute } from "./l4-route.ts";
import { noticeUnreachable } from "./reachability.ts";
import type { Report } from "./report.ts";
import type { VirtualService } from "./specs.ts";

/** Spec traffic 10.2.2. */
export function validateVirtualService(spec: VirtualService, namespace: string, report: Report): void {
  const { hosts = [], gateways = [], http = [], tls = [], tcp = [] } = spec;
  const isDelegate = hosts.length === 0;
  if (isDelegate) {
    const must = "delegate virtual service must have no";
    if (gateways.length > 0) report.refuse("spec.gateways", `${must} gateways specified`);
    if (tls.length > 0) report.refuse("spec.tls", `${must} tls route specified`);
    if (tcp.length > 0) report.refuse("spec.tcp", `${must} tcp route specified`);
  }
  validateGatewayNames(gateways, "spec.gateways", report);
  const atGateway = boundToGateway(spec);
  if (!atGateway) refuseClaimRoutes(spec, report);
  validateHosts(spec, atGateway, report);
  if (http.length === 0 && tls.length === 0 && tcp.length === 0)
    report.refuse("spec", "http, tcp or tls must be provided in virtual service");
  for (const [index, route] of http.entries()) validateHttpRoute(route, isDelegate, `spec.http[${index}]`, report);
  for (const [index, route] of tls.entries()) validateTlsRoute(route, spec, `spec.tls[${index}]`, report);
  for (const [index, route] of tcp.entries()) validateTcpRoute(route, `spec.tcp[${index}]`, report);
  validateExportTo(spec.exportTo ?? [], namespace, report);
  noticeUnreachable(spec, report);
}

/** Gateways are named, and `mesh` is not among them. */
export function boundToGateway(spec: VirtualService): boolean {
  const gateways = spec.gateways ?? [];
  return gateways.length > 0 && !gateways.includes("mesh");
}

/** Only gateways route by claims of a token. */
function refuseClaimRoutes(spec: VirtualService, report: Report): void {
  for (const [index, route] of (spec.http ?? []).entries()) {
    for (const [number, match] of (route.match ?? []).entries()) {
      for (const kind of ["headers", "withoutHeaders"] as const) {
        for (const key of Object.keys(match[kind] ?? {})) {
          if (isClaimRoute(key))
            report.refuse(
              `spec.http[${index}].match[${number}].${kind}.${key}`,
              `JWT claim based routing (key: ${key}) is only supported for gateway, found no gateways: ${goList(spec.gateways ?? [])}`,
            );
        }
      }
    }
  }
}

function validateHosts(spec: VirtualService, atGateway: boolean, report: Report): void {
  const hosts = spec.hosts ?? [];
  const hasServerNames = (spec.tls ?? []).some((route) =>
    (route.match ?? []).some((match) => (match.sniHosts ?? []).length > 0),
  );
  let sound = true;
  for (const [index, host] of hosts.entries()) {
    const field = `spec.hosts[${index}]`;
    const fault = atGateway ? gatewayHostFault(host, hasServerNames) : wildcardDomainFault(host);
    if (fault === undefined) {
      if (atGateway || host !== "*") continue;
      report.refuse(field, "wildcard host * is not allowed for virtual services bound to the mesh gateway");
    } else if (isIpAddress(host)) continue;
    else report.refuse(field, fault, hostHint(host));
    sound = false;
  }
  if (!sound) return;
  for (const [index, host] of hosts.entries()) {
    for (const [offset, other] of hosts.slice(index + 1).entries()) {
      if (hostsMatch(host, other))
        report.refuse(
          `spec.hosts[${index + 1 + offset}]`,
          `duplicate hosts in virtual service: ${host} & ${other}`,
          "remove one of them",
        );
    }
  }
}
