import { isLabel } from "../domain.ts";
import type { Report } from "./report.ts";

/** `exportTo` of a VirtualService, DestinationRule or ServiceEntry (spec traffic 10.2.17). */
export function validateExportTo(
  values: readonly string[],
  namespace: string,
  report: Report,
  of: { readonly serviceEntry?: boolean; readonly withSelector?: boolean } = {},
): void {
  const field = "spec.exportTo";
  const seen = new Set<string>();
  for (const [index, value] of values.entries()) {
    const key = value === "." ? namespace : value;
    const at = `${field}[${index}]`;
    if (seen.has(key)) {
      report.refuse(
        at,
        key === value
          ? `duplicate entries in exportTo for entry ${value}`
          : `duplicate entries in exportTo: . and current namespace ${namespace}`,
      );
      continue;
    }
    const fault = of.serviceEntry === true && value === "~" ? undefined : visibilityFault(key);
    if (fault === undefined) seen.add(key);
    else report.refuse(at, fault, 'write ".", "*" or a namespace');
  }
  if (of.withSelector === true && seen.size > 0) {
    if (!seen.has(namespace))
      report.refuse(
        field,
        "destination rule with workload selector cannot have exportTo beyond current namespace",
        'write ["."]',
      );
    else if (seen.size > 1)
      report.refuse(field, "destination rule with workload selector cannot have multiple entries in exportTo");
  }
  if (seen.has("*") && values.length > 1)
    report.refuse(field, "cannot have both public (*) and non-public exportTo values for a resource");
  if (seen.has("~") && values.length > 1) report.refuse(field, "cannot export service entry to no one (~) and someone");
}

function visibilityFault(value: string): string | undefined {
  if (value === "." || value === "*" || isLabel(value)) return undefined;
  return value === "~"
    ? "exportTo ~ (none) is not allowed for Istio configuration objects"
    : "only .,*, or a valid DNS 1123 label is allowed as exportTo entry";
}
