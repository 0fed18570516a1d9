import { domainFault, isLabel } from "../domain.ts";
import { quote } from "../go-text.ts";
import { type Report, refuseFault } from "./report.ts";

/** `namespace/name`, or a name alone, after which Istio stops looking (errata E18). */
export function validateGatewayNames(names: readonly string[] | undefined, field: string, report: Report): void {
  for (const [index, gateway] of (names ?? []).entries()) {
    const at = `${field}[${index}]`;
    const slash = gateway.indexOf("/");
    if (slash === -1) {
      const [name = "", space] = gateway.split(".");
      if (space !== undefined)
        report.warn(
          at,
          `using legacy gatewayName format ${quote(gateway)}; prefer the <namespace>/<name> format: ${quote(`${space}/${name}`)}`,
        );
      refuseFault(report, at, domainFault(gateway));
      return;
    }
    const space = gateway.slice(0, slash);
    const name = gateway.slice(slash + 1);
    if (space === "" || name === "") report.refuse(at, "config namespace and gateway name cannot be empty");
    if (!isLabel(space)) report.refuse(at, `invalid value for namespace: ${quote(space)}`);
    if (!isLabel(name)) report.refuse(at, `invalid value for gateway name: ${quote(name)}`);
  }
}
