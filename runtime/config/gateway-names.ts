import { domainFault, isLabel } from "./domain.ts";
import type { Refuse } from "./refuse.ts";

/** `ns/name`, or a name alone, after which Istio stops looking (errata E18). */
export function validateGateways(gateways: readonly string[], field: string, refuse: Refuse): void {
  for (const [index, gateway] of gateways.entries()) {
    const parts = gateway.split("/");
    if (parts.length !== 2) {
      if (gateway !== "mesh" && parts.length === 1) {
        const fault = domainFault(gateway);
        if (fault !== undefined) refuse(`${field}[${index}]`, fault);
      }
      return;
    }
    const [space = "", name = ""] = parts;
    if (!isLabel(space)) refuse(`${field}[${index}]`, `${gateway}: ${space} is not a namespace`);
    if (!isLabel(name)) refuse(`${field}[${index}]`, `${gateway}: ${name} is not the name of a gateway`);
  }
}
