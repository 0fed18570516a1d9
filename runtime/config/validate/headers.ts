import { headerEditFault, requestEditFault } from "./header-names.ts";
import { headerValueFault } from "./header-value.ts";
import type { HttpRoute } from "./specs.ts";
import { type Report, refuseFault } from "./report.ts";

type Headers = NonNullable<HttpRoute["headers"]>;

/** `headers` of a route or destination. */
export function validateHeaders(headers: Headers | undefined, field: string, report: Report): void {
  for (const side of ["request", "response"] as const) {
    const operations = headers?.[side];
    const nameFault = side === "request" ? requestEditFault : headerEditFault;
    for (const key of ["add", "set"] as const) {
      for (const [name, value] of Object.entries(operations?.[key] ?? {})) {
        const at = `${field}.${side}.${key}.${name}`;
        refuseFault(report, at, nameFault(name));
        refuseFault(report, at, headerValueFault(value), "write %% for a percent sign");
      }
    }
    for (const [index, name] of (operations?.remove ?? []).entries())
      refuseFault(report, `${field}.${side}.remove[${index}]`, headerEditFault(name));
  }
}
