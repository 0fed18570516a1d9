import { quote } from "../go-text.ts";
import { isWholeSeconds } from "../duration.ts";
import { corsHeaderFault } from "./header-names.ts";
import { matchKind, validatePattern } from "./http-match.ts";
import type { HttpRoute } from "./specs.ts";
import { type Report, refuseFault } from "./report.ts";
import { durationFault } from "./values.ts";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"];

export function validateCors(policy: HttpRoute["corsPolicy"], field: string, report: Report): void {
  if (policy === undefined) return;
  for (const [index, origin] of (policy.allowOrigins ?? []).entries()) {
    const at = `${field}.allowOrigins[${index}]`;
    const kind = matchKind(origin);
    if (kind === undefined || origin[kind] === "")
      report.refuse(at, "'' is not a valid match type for CORS allow origins");
    else validatePattern(origin, "corsPolicy.allowOrigins", at, report);
  }
  for (const [index, method] of (policy.allowMethods ?? []).entries()) {
    if (!methods.includes(method))
      report.refuse(`${field}.allowMethods[${index}]`, `${quote(method)} is not a supported HTTP method`);
  }
  for (const key of ["allowHeaders", "exposeHeaders"] as const) {
    for (const [index, name] of (policy[key] ?? []).entries())
      refuseFault(report, `${field}.${key}[${index}]`, corsHeaderFault(name));
  }
  if (policy.maxAge === undefined) return;
  refuseFault(report, `${field}.maxAge`, durationFault(policy.maxAge));
  if (!isWholeSeconds(policy.maxAge))
    report.refuse(`${field}.maxAge`, "max_age duration is accurate only to seconds precision");
}
