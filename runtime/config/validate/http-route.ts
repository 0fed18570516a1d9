import { validateCors } from "./cors.ts";
import { validateDestination, validateWeights } from "./destination.ts";
import { validateHeaders } from "./headers.ts";
import {
  validateDirectResponse,
  validateFault,
  validateMirrors,
  validateRedirect,
  validateRetries,
  validateRewrite,
} from "./http-actions.ts";
import { validateHttpMatch } from "./http-match.ts";
import { errorsOnly, type Report, refuseFault } from "./report.ts";
import type { HttpRoute } from "./specs.ts";
import { durationFault } from "./values.ts";

export function validateHttpRoute(route: HttpRoute, isDelegate: boolean, field: string, report: Report): void {
  validateConflicts(route, isDelegate, field, report);
  for (const [index, match] of (route.match ?? []).entries())
    validateHttpMatch(match, `${field}.match[${index}]`, errorsOnly(report));
  validateHeaders(route.headers, `${field}.headers`, report);
  validateCors(route.corsPolicy, `${field}.corsPolicy`, report);
  validateFault(route.fault, `${field}.fault`, report);
  validateMirrors(route, field, report);
  validateDestination(route.mirror, `${field}.mirror`, report);
  validateRedirect(route, `${field}.redirect`, report);
  validateDirectResponse(route.directResponse, `${field}.directResponse`, report);
  validateRetries(route.retries, `${field}.retries`, report);
  validateRewrite(route, field, report);
  const destinations = route.route ?? [];
  for (const [index, { headers }] of destinations.entries())
    validateHeaders(headers, `${field}.route[${index}].headers`, report);
  validateWeights(destinations, `${field}.route`, report);
  refuseFault(report, `${field}.timeout`, durationFault(route.timeout));
}

/** What one rule cannot do at the same time. */
function validateConflicts(route: HttpRoute, isDelegate: boolean, field: string, report: Report): void {
  const { redirect, directResponse, fault, rewrite, delegate } = route;
  const destinations = route.route ?? [];
  if (!isDelegate && delegate !== undefined) {
    const must = `root HTTP route ${route.name ?? ""} must not specify`;
    if (redirect !== undefined) report.refuse(`${field}.redirect`, `${must} redirect`);
    if (destinations.length > 0) report.refuse(`${field}.route`, `${must} route`);
    return;
  }
  if (delegate !== undefined) report.refuse(`${field}.delegate`, "delegate HTTP route cannot contain delegate");
  const name = redirect === undefined ? "direct_response" : "redirect";
  if (redirect !== undefined || directResponse !== undefined) {
    const at = redirect === undefined ? `${field}.directResponse` : `${field}.redirect`;
    if (destinations.length > 0) report.refuse(at, `HTTP route cannot contain both route and ${name}`);
    if (fault !== undefined) report.refuse(at, `HTTP route cannot contain both fault and ${name}`);
    if (rewrite !== undefined) report.refuse(at, `HTTP route rule cannot contain both rewrite and ${name}`);
    if (redirect !== undefined && directResponse !== undefined)
      report.refuse(at, "HTTP route rule cannot contain both direct_response and redirect");
  } else if (destinations.length === 0) {
    report.refuse(field, "HTTP route, redirect or direct_response is required");
  }
  if (route.mirror !== undefined && (route.mirrors ?? []).length > 0)
    report.refuse(`${field}.mirrors`, "HTTP route cannot contain both mirror and mirrors");
}
