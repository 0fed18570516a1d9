import type { Decoded } from "../shape.ts";
import type { peerAuthentication } from "../shapes/peer-authentication.ts";
import type { Report } from "./report.ts";
import { validateSelector } from "./selector.ts";

/** Spec VA-29…VA-33. */
export function validatePeerAuthentication(spec: Decoded<typeof peerAuthentication>, report: Report): void {
  const { selector, portLevelMtls: ports } = spec;
  const isWide = Object.keys(selector?.matchLabels ?? {}).length === 0;
  const field = "spec.portLevelMtls";
  if (ports !== undefined) {
    const numbers = Object.keys(ports);
    if (isWide && numbers.length > 0)
      report.refuse(
        field,
        "mesh/namespace peer authentication cannot have port level mTLS",
        "add a selector, or move the ports to a policy with one",
      );
    if (numbers.length === 0)
      report.refuse(field, "port level mTLS, if defined, must have at least one element", "remove it");
    for (const number of numbers) {
      if (Number(number) <= 0 || Number(number) > 65535)
        report.refuse(`${field}.${number}`, "port must be in range 1..65535");
    }
  }
  validateSelector(selector, "spec.selector", report);
}
