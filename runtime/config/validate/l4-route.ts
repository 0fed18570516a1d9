import { wildcardDomainFault } from "../domain.ts";
import { quote } from "../go-text.ts";
import { isIpAddress } from "../ip-text.ts";
import { validateWeights } from "./destination.ts";
import { gatewayHostFault } from "./gateway-host.ts";
import { validateGatewayNames } from "./gateway-names.ts";
import { isSubsetOf } from "./host-match.ts";
import { errorsOnly, type Report, refuseFault } from "./report.ts";
import { portFault, subnetFault, validateLabels } from "./values.ts";
import type { VirtualService } from "./specs.ts";

type TlsRoute = NonNullable<VirtualService["tls"]>[number];
type TcpRoute = NonNullable<VirtualService["tcp"]>[number];
type TlsMatch = NonNullable<TlsRoute["match"]>[number];
type TcpMatch = NonNullable<TcpRoute["match"]>[number];

export function validateTlsRoute(route: TlsRoute, spec: VirtualService, field: string, report: Report): void {
  const matches = route.match ?? [];
  if (matches.length === 0) report.refuse(field, "TLS route must have at least one match condition");
  for (const [index, match] of matches.entries()) {
    const at = `${field}.match[${index}]`;
    const names = match.sniHosts ?? [];
    if (names.length === 0) report.refuse(at, "TLS match must have at least one SNI host");
    for (const [number, name] of names.entries()) validateServerName(name, spec, `${at}.sniHosts[${number}]`, report);
    validateL4Match(match, at, report);
  }
  if ((route.route ?? []).length === 0) report.refuse(field, "TLS route is required");
  validateWeights(route.route ?? [], `${field}.route`, report);
}

export function validateTcpRoute(route: TcpRoute, field: string, outer: Report): void {
  const report = errorsOnly(outer);
  for (const [index, match] of (route.match ?? []).entries())
    validateL4Match(match, `${field}.match[${index}]`, report);
  if ((route.route ?? []).length === 0) report.refuse(field, "TCP route is required");
  validateWeights(route.route ?? [], `${field}.route`, report);
}

function validateL4Match(
  match: Pick<TlsMatch & TcpMatch, "destinationSubnets" | "port" | "sourceLabels" | "gateways">,
  field: string,
  report: Report,
): void {
  for (const [index, subnet] of (match.destinationSubnets ?? []).entries())
    refuseFault(report, `${field}.destinationSubnets[${index}]`, subnetFault(subnet));
  if ((match.port ?? 0) !== 0) refuseFault(report, `${field}.port`, portFault(match.port ?? 0));
  validateLabels(match.sourceLabels, `${field}.sourceLabels`, report);
  validateGatewayNames(match.gateways, `${field}.gateways`, report);
}

function validateServerName(name: string, spec: VirtualService, field: string, report: Report): void {
  const hosts = spec.hosts ?? [];
  // Without gateways the rule is of the mesh, yet Istio asks only whether `mesh` is named.
  const fault = (spec.gateways ?? []).includes("mesh") ? wildcardDomainFault(name) : gatewayHostFault(name, true);
  if (fault !== undefined) {
    if (isIpAddress(name))
      report.warn(
        field,
        `using an IP address (${quote(name)}) goes against SNI spec and most clients do not support this`,
      );
    else report.refuse(field, fault);
    return;
  }
  if (!hosts.some((host) => isSubsetOf(name, host)))
    report.refuse(
      field,
      `SNI host ${quote(name)} is not a compatible subset of any of the virtual service hosts: [${hosts.join(", ")}]`,
    );
}
