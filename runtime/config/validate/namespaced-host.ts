import { isLabel, wildcardDomainFault } from "../domain.ts";
import { quote } from "../go-text.ts";
import { isIpAddress } from "../ip-text.ts";
import type { Report } from "./report.ts";

/** `namespace/host` of a Gateway server or a Sidecar egress listener; `of` decides what each half may be. */
export function validateNamespacedHost(text: string, of: "gateway" | "sidecar", field: string, report: Report): void {
  const slash = text.indexOf("/");
  if (slash === -1) {
    if (of === "gateway") validateHost(text, of, field, report);
    else report.refuse(field, "host must be of form namespace/dnsName", 'write "./host" or "*/host"');
    return;
  }
  const space = text.slice(0, slash);
  const host = text.slice(slash + 1);
  if (space === "" || host === "") report.refuse(field, "config namespace and dnsName in host entry cannot be empty");
  if (of === "sidecar") {
    const name = space.replace(/^~/, "");
    if (name !== "" && name !== "*" && name !== "." && !isLabel(name))
      report.refuse(field, `invalid namespace value ${quote(space)} in sidecar`);
  } else if (space !== "*" && space !== "." && !isLabel(space)) {
    report.refuse(field, `invalid namespace value ${quote(space)} in gateway`);
  }
  validateHost(host, of, field, report);
}

function validateHost(host: string, of: "gateway" | "sidecar", field: string, report: Report): void {
  if (host !== "*" && !host.includes(".")) report.refuse(field, "short names (non FQDN) are not allowed");
  const fault = wildcardDomainFault(host);
  if (fault !== undefined) {
    // Istio says it twice for a Sidecar (errata M6).
    if (of === "sidecar") report.refuse(field, fault);
    if (!isIpAddress(host)) report.refuse(field, fault);
  }
  const partial = partialWildcardFault(host);
  if (partial !== undefined) report.refuse(field, partial);
}

export function partialWildcardFault(host: string): string | undefined {
  return host.includes("*") && host.length !== 1 && !host.startsWith("*.")
    ? `partial wildcard ${quote(host)} not allowed`
    : undefined;
}
