import { domainFault, isLabel } from "../domain.ts";
import { quote } from "../go-text.ts";
import { isIpAddress } from "../ip-text.ts";
import type { Decoded } from "../shape.ts";
import type { workloadEntry } from "../shapes/workload-entry.ts";
import { type Report, refuseFault } from "./report.ts";
import { portFault, socketFault, validateLabels } from "./values.ts";

export type WorkloadEntry = Decoded<typeof workloadEntry>;

/** Spec traffic 10.2.6. `servicePorts`: names of the ServiceEntry that it is an endpoint of; such an endpoint must have an address. */
export function validateWorkloadEntry(
  entry: WorkloadEntry,
  field: string,
  report: Report,
  servicePorts?: ReadonlySet<string>,
): void {
  const address = entry.address ?? "";
  const ports = Object.entries(entry.ports ?? {});
  if (address === "") {
    if ((entry.network ?? "") === "") {
      report.refuse(field, "address is required");
      return;
    }
    report.warn(field, `address is unset with network ${quote(entry.network ?? "")}`);
  }
  const at = `${field}.address`;
  const isSocket = address.startsWith("unix://");
  if (isSocket) {
    refuseFault(report, at, socketFault(address.slice("unix://".length)));
    if (ports.length > 0) report.refuse(`${field}.ports`, `unix endpoint ${address} must not include ports`);
  } else if (address !== "" && !isIpAddress(address)) {
    if (servicePorts !== undefined) report.refuse(at, `endpoint address ${quote(address)} is not a valid IP address`);
    else if (domainFault(address) !== undefined)
      report.refuse(at, `endpoint address ${quote(address)} is not a valid FQDN or an IP address`);
  }
  validateEndpointPorts(entry, field, report, servicePorts);
  validateLabels(entry.labels, `${field}.labels`, report);
  if (isSocket && servicePorts !== undefined && servicePorts.size !== 1)
    report.refuse(field, "exactly 1 service port required for unix endpoints");
}

export function validateEndpointPorts(
  entry: WorkloadEntry,
  field: string,
  report: Report,
  servicePorts: ReadonlySet<string> | undefined,
): void {
  for (const [name, port] of Object.entries(entry.ports ?? {})) {
    const at = `${field}.ports.${name}`;
    if (servicePorts !== undefined && !servicePorts.has(name))
      report.refuse(at, `endpoint port ${port} is not defined by the service entry`);
    refuseFault(report, at, portNameFault(name));
    refuseFault(report, at, portFault(port));
  }
}

export function portNameFault(name: string): string | undefined {
  return isLabel(name) ? undefined : `invalid port name: ${name}`;
}
