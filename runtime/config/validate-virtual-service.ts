import type { VirtualServiceSpec } from "../model/istio-networking.ts";
import { domainFault, exportToFault, hostFault } from "./domain.ts";
import { validateGateways } from "./gateway-names.ts";
import { hostCovers } from "./host-names.ts";
import { isIpAddress } from "./ip-text.ts";
import type { Refuse } from "./refuse.ts";
import { validateHttpRoute } from "./validate-http-route.ts";
import { validateL4Routes } from "./validate-l4-route.ts";

/** Spec traffic 10.2.2 with errata E10, E14, E17, E18. */
export function validateVirtualService(spec: VirtualServiceSpec, namespace: string, refuse: Refuse): void {
  const hosts = spec.hosts ?? [];
  const gateways = spec.gateways ?? [];
  const http = spec.http ?? [];
  const tls = spec.tls ?? [];
  const tcp = spec.tcp ?? [];
  // Without hosts it is a delegate: part of another VirtualService.
  const delegate = hosts.length === 0;
  const mesh = gateways.length === 0 || gateways.includes("mesh");
  if (delegate) {
    if (gateways.length > 0)
      refuse("spec.gateways", "a VirtualService without hosts is a delegate and cannot name gateways", "add hosts");
    if (tls.length > 0)
      refuse("spec.tls", "a VirtualService without hosts is a delegate and cannot have tls routes", "add hosts");
    if (tcp.length > 0)
      refuse("spec.tcp", "a VirtualService without hosts is a delegate and cannot have tcp routes", "add hosts");
  } else {
    validateGateways(gateways, "spec.gateways", refuse);
    for (const [index, host] of hosts.entries()) {
      const fault = mesh ? hostFault(host) : gatewayHostFault(host);
      if (fault !== undefined) refuse(`spec.hosts[${index}]`, fault);
      if (host === "*" && mesh)
        refuse(
          `spec.hosts[${index}]`,
          "the host * is for gateways only",
          "name the hosts, or a wildcard such as *.example.com",
        );
      const other = hosts.findIndex(
        (earlier, position) => position < index && (overlap(earlier, host) || overlap(host, earlier)),
      );
      if (other !== -1)
        refuse(
          `spec.hosts[${index}]`,
          `hosts ${hosts[other] ?? ""} and ${host} cover each other`,
          "remove one of them",
        );
    }
  }
  if (http.length === 0 && tls.length === 0 && tcp.length === 0)
    refuse("spec", "a VirtualService needs http, tcp or tls", "add `http:` with a route");
  for (const [index, route] of http.entries())
    validateHttpRoute(route, `spec.http[${index}]`, { delegate, gateways }, refuse);
  validateL4Routes(tls, "spec.tls", hosts, refuse);
  validateL4Routes(tcp, "spec.tcp", undefined, refuse);
  const fault = exportToFault(spec.exportTo ?? [], namespace);
  if (fault !== undefined) refuse("spec.exportTo", fault);
}

function overlap(wide: string, host: string): boolean {
  return wide === host || (wide.startsWith("*") && hostCovers(wide, host));
}

/** Hosts of gateways may also be SNI names of AUTO_PASSTHROUGH: `outbound_.<port>_._.<host>`. */
function gatewayHostFault(host: string): string | undefined {
  if (!host.startsWith("outbound_.") || isIpAddress(host)) return hostFault(host);
  const match = /^outbound_\.(\d+)_\._\.(.+)$/.exec(host);
  return match === null ? `${host} must be outbound_.<port>_._.<host>` : domainFault(match[2] ?? "");
}
