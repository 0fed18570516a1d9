import type { WorkloadSelector } from "../model/istio-security.ts";
import type { Refuse } from "./refuse.ts";

/** Spec VA-0b and the CRD rules on matchLabels. */
export function validateSelector(selector: WorkloadSelector | undefined, field: string, refuse: Refuse): void {
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) {
    const at = `${field}.matchLabels.${key}`;
    if (key === "") refuse(`${field}.matchLabels`, "a selector cannot have an empty key");
    if (key.includes("*") || value.includes("*"))
      refuse(at, `a selector cannot have a wildcard: ${key}=${value}`, "write the label's whole value");
  }
}
