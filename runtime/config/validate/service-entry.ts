import { domainFault, hostHint, wildcardDomainFault } from "../domain.ts";
import { quote } from "../go-text.ts";
import { isIpAddress } from "../ip-text.ts";
import { protocolFault, protocolOf } from "../protocol.ts";
import type { Decoded } from "../shape.ts";
import type { serviceEntry } from "../shapes/service-entry.ts";
import { validateExportTo } from "./export-to.ts";
import { partialWildcardFault } from "./namespaced-host.ts";
import { type Report, refuseFault } from "./report.ts";
import { isSoundWorkloadSelector } from "./selector.ts";
import { portFault, subnetFault, validateLabels } from "./values.ts";
import { portNameFault, validateEndpointPorts, validateWorkloadEntry } from "./workload-entry.ts";

type Spec = Decoded<typeof serviceEntry>;

export interface ServiceEntrySubject {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Spec traffic 10.2.4. */
export function validateServiceEntry(spec: Spec, subject: ServiceEntrySubject, report: Report): void {
  const { workloadSelector: selector } = spec;
  const sound = isSoundWorkloadSelector(selector, report, (field, message) => {
    report.warn(field, `service entry: ${message}, will be applied to all services in namespace`);
  });
  if (!sound) return;
  const { hosts = [], addresses = [], ports = [], endpoints = [], resolution = "NONE" } = spec;
  if (selector !== undefined && endpoints.length > 0)
    report.refuse("spec.endpoints", "only one of WorkloadSelector or Endpoints is allowed in Service Entry");
  if (hosts.length === 0) report.refuse("spec", "service entry must have at least one host");
  for (const [index, host] of hosts.entries()) validateHost(host, resolution, `spec.hosts[${index}]`, report);
  for (const [index, address] of addresses.entries())
    refuseFault(report, `spec.addresses[${index}]`, subnetFault(address));
  if (addresses.some((address) => address.includes("/")) && resolution !== "NONE" && resolution !== "STATIC")
    report.refuse("spec.addresses", "CIDR addresses are allowed only for NONE/STATIC resolution types");
  const names = validatePorts(spec, subject, report);
  validateResolution(spec, names, subject, report);
  if (resolution !== "NONE" && hosts.length > 1) {
    const index = ports.findIndex(({ protocol }) => {
      const known = protocolOf(protocol);
      return known?.http !== true && known?.tls !== true;
    });
    if (index !== -1) report.refuse(`spec.ports[${index}]`, "multiple hosts provided with non-HTTP, non-TLS ports");
  }
  validateExportTo(spec.exportTo ?? [], subject.namespace, report, { serviceEntry: true });
}

function validateHost(host: string, resolution: string, field: string, report: Report): void {
  if (host === "*") {
    report.refuse(field, "invalid host *");
    return;
  }
  refuseFault(report, field, wildcardDomainFault(host), hostHint(host));
  const partial = resolution === "DYNAMIC_DNS" ? undefined : partialWildcardFault(host);
  if (partial !== undefined) report.warn(field, partial);
}

/** The names of the ports. */
function validatePorts(spec: Spec, subject: ServiceEntrySubject, report: Report): ReadonlySet<string> {
  const names = new Set<string>();
  const numbers = new Set<number>();
  const { addresses = [], resolution = "NONE" } = spec;
  const optedOut = subject.labels["networking.istio.io/enable-autoallocate-ip"]?.toLowerCase() === "false";
  const needsAddress = addresses.length === 0 && (optedOut || resolution === "NONE");
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const field = `spec.ports[${index}]`;
    const { name = "", number = 0, protocol = "", targetPort = 0 } = port;
    if (names.has(name)) report.refuse(`${field}.name`, `service entry port name ${quote(name)} already defined`);
    names.add(name);
    if (numbers.has(number)) report.refuse(`${field}.number`, `service entry port ${number} already defined`);
    numbers.add(number);
    if (targetPort !== 0) refuseFault(report, `${field}.targetPort`, portFault(targetPort));
    if (needsAddress && (protocol === "" || protocol === "TCP"))
      report.warn(
        field,
        "addresses are required for ports serving TCP (or unset) protocol when IP Autoallocation is not enabled",
      );
    refuseFault(report, `${field}.name`, portNameFault(name));
    refuseFault(report, `${field}.protocol`, protocolFault(protocol));
    refuseFault(report, `${field}.number`, portFault(number));
  }
  return names;
}

function validateResolution(
  spec: Spec,
  names: ReadonlySet<string>,
  subject: ServiceEntrySubject,
  report: Report,
): void {
  const { endpoints = [], resolution = "NONE" } = spec;
  switch (resolution) {
    case "NONE":
      if (endpoints.length > 0)
        report.refuse("spec.endpoints", "no endpoints should be provided for resolution type none");
      if (spec.workloadSelector !== undefined)
        report.warn("spec.workloadSelector", "workloadSelector should not be set when resolution mode is NONE");
      break;
    case "STATIC":
      for (const [index, endpoint] of endpoints.entries())
        validateWorkloadEntry(endpoint, `spec.endpoints[${index}]`, report, names);
      break;
    case "DNS":
    case "DNS_ROUND_ROBIN":
      validateDns(spec, resolution, names, report);
      break;
    case "DYNAMIC_DNS":
      validateDynamicDns(spec, subject, report);
      break;
    default:
      report.refuse("spec.resolution", "unsupported resolution type ");
  }
}

function validateDns(spec: Spec, resolution: string, names: ReadonlySet<string>, report: Report): void {
  const { hosts = [], endpoints = [], addresses = [], ports = [] } = spec;
  if (endpoints.length === 0) {
    for (const [index, host] of hosts.entries()) {
      const fault = domainFault(host);
      if (fault === undefined) continue;
      report.refuse(
        `spec.hosts[${index}]`,
        `hosts must be FQDN or contain only prefix wildcards if no endpoints are provided for resolution mode ${resolution}, ${fault}`,
      );
      break;
    }
  }
  if (resolution === "DNS_ROUND_ROBIN" && endpoints.length > 1)
    report.refuse("spec.endpoints", `there must only be 0 or 1 endpoint for resolution mode ${resolution}`);
  for (const [index, endpoint] of endpoints.entries()) {
    const field = `spec.endpoints[${index}]`;
    const address = endpoint.address ?? "";
    if (!isIpAddress(address) && domainFault(address) !== undefined)
      report.refuse(`${field}.address`, `endpoint address ${quote(address)} is not a valid FQDN or an IP address`);
    validateLabels(endpoint.labels, `${field}.labels`, report);
    validateEndpointPorts(endpoint, field, report, names);
  }
  const hasTcp = ports.some(({ protocol }) => protocolOf(protocol)?.tcp === true);
  if (addresses.length > 0 && hasTcp && hosts.length > 1)
    report.warn(
      "spec.hosts",
      "service entry can not have more than one host specified simultaneously with address and tcp port",
    );
}

function validateDynamicDns(spec: Spec, subject: ServiceEntrySubject, report: Report): void {
  const resolution = "DYNAMIC_DNS";
  const { hosts = [], location = "MESH_EXTERNAL" } = spec;
  if (hosts.length === 0)
    report.refuse("spec", `at least one wildcard host must be provided for resolution type ${resolution}`);
  for (const [index, host] of hosts.entries()) {
    if (!host.startsWith("*"))
      report.refuse(`spec.hosts[${index}]`, `host must be wildcarded for resolution mode ${resolution}`);
  }
  if ((spec.addresses ?? []).length > 0)
    report.refuse(
      "spec.addresses",
      `addresses cannot be set for resolution type ${resolution}. HTTP route domains will only be generatedfrom the hosts field values`,
    );
  if ((spec.endpoints ?? []).length > 0)
    report.refuse(
      "spec.endpoints",
      `endpoints cannot be set for resolution type ${resolution}. Destination IP address determined from hostsfield values`,
    );
  for (const [index, { protocol = "" }] of (spec.ports ?? []).entries()) {
    if (!["http", "tls", "grpc", "http2"].includes(protocol.toLowerCase()))
      report.refuse(
        `spec.ports[${index}].protocol`,
        `only HTTP, TLS, GRPC, and HTTP2 protocols are supported for resolution type ${resolution}`,
      );
  }
  if (location !== "MESH_EXTERNAL" && location !== "MESH_INTERNAL")
    report.refuse("spec.location", `location must be MESH_EXTERNAL or MESH_INTERNAL for resolution type ${resolution}`);
  const waypoint = subject.labels["istio.io/use-waypoint"] ?? "";
  if (location === "MESH_INTERNAL" && waypoint !== "" && waypoint.toLowerCase() !== "none")
    report.refuse(
      "spec.location",
      `location MESH_INTERNAL with resolution type ${resolution} is not supported when using waypoints`,
    );
}
