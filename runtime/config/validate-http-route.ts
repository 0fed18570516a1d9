import type {
  HttpDirectResponse,
  HttpFault,
  HttpRedirect,
  HttpRetry,
  HttpRewrite,
  HttpRoute,
} from "../model/istio-networking.ts";
import { regexFault } from "./re2.ts";
import type { Refuse } from "./refuse.ts";
import { validateCors } from "./validate-cors.ts";
import { validateDestination, validateDestinations } from "./validate-destination.ts";
import { validateDuration } from "./validate-duration.ts";
import { validateHeaders } from "./validate-headers.ts";
import { validateHttpMatch } from "./validate-http-match.ts";
import { isRecord } from "./yaml-tree.ts";

/** What the rest of the VirtualService means for one of its routes. */
export interface RouteContext {
  readonly delegate: boolean;
  readonly gateways: readonly string[];
}

export function validateHttpRoute(route: HttpRoute, field: string, context: RouteContext, refuse: Refuse): void {
  validateExclusions(route, field, context, refuse);
  for (const [index, match] of (route.match ?? []).entries())
    validateHttpMatch(match, `${field}.match[${index}]`, context.gateways, refuse);
  validateDestinations(route.route ?? [], `${field}.route`, refuse);
  for (const [index, destination] of (route.route ?? []).entries()) {
    validateHeaders(destination.headers, `${field}.route[${index}].headers`, undefined, refuse);
  }
  validateHeaders(route.headers, `${field}.headers`, route.rewrite?.authority, refuse);
  if (route.redirect !== undefined) validateRedirect(route.redirect, route, `${field}.redirect`, refuse);
  if (route.directResponse !== undefined)
    validateDirectResponse(route.directResponse, `${field}.directResponse`, refuse);
  if (route.rewrite !== undefined) validateRewrite(route.rewrite, `${field}.rewrite`, refuse);
  if (route.fault !== undefined) validateFault(route.fault, `${field}.fault`, refuse);
  if (route.retries !== undefined) validateRetries(route.retries, `${field}.retries`, refuse);
  validateDuration(route.timeout, `${field}.timeout`, refuse);
  validateMirrors(route, field, refuse);
  validateCors(route.corsPolicy, `${field}.corsPolicy`, refuse);
}

/** Which parts of a route exclude each other. */
function validateExclusions(route: HttpRoute, field: string, context: RouteContext, refuse: Refuse): void {
  const routes = (route.route ?? []).length > 0;
  if (route.delegate !== undefined) {
    if (context.delegate) refuse(`${field}.delegate`, "a delegate cannot delegate further");
    if (route.redirect !== undefined) refuse(`${field}.redirect`, "a route that delegates cannot redirect");
    if (routes) refuse(`${field}.route`, "a route that delegates cannot have destinations");
    if (!context.delegate) return;
  }
  const pairs: readonly (readonly [keyof HttpRoute, keyof HttpRoute])[] = [
    ["fault", "redirect"],
    ["rewrite", "redirect"],
    ["directResponse", "redirect"],
    ["fault", "directResponse"],
    ["rewrite", "directResponse"],
  ];
  for (const [one, other] of pairs)
    if (route[one] !== undefined && route[other] !== undefined)
      refuse(`${field}.${one}`, `a route cannot have both ${one} and ${other}`);
  for (const other of ["redirect", "directResponse"] as const)
    if (routes && route[other] !== undefined)
      refuse(`${field}.${other}`, `a route cannot have both route and ${other}`);
  if (!routes && route.redirect === undefined && route.directResponse === undefined)
    refuse(field, "a route needs route, redirect or directResponse", "add `route:` with a destination");
}

function validateRedirect(redirect: HttpRedirect, route: HttpRoute, field: string, refuse: Refuse): void {
  if (has(redirect.uri) && has(redirect.prefixRewrite)) refuse(field, "a redirect has uri or prefixRewrite, not both");
  if (
    has(redirect.prefixRewrite) &&
    (route.match ?? []).some((match) => match.uri !== undefined && match.uri.prefix === undefined)
  )
    refuse(`${field}.prefixRewrite`, "prefixRewrite needs every match to have uri.prefix");
  if (
    !has(redirect.uri) &&
    !has(redirect.prefixRewrite) &&
    !has(redirect.authority) &&
    !has(redirect.scheme) &&
    redirect.port === undefined &&
    redirect.derivePort === undefined
  ) {
    refuse(field, "a redirect needs uri, authority, scheme or port");
  }
  if (redirect.port !== undefined && redirect.port > 65535)
    refuse(`${field}.port`, `${redirect.port} is not a port in 1..65535`);
  const code = redirect.redirectCode ?? 0;
  if (code !== 0 && (code < 300 || code > 399))
    refuse(`${field}.redirectCode`, `${code} is not a redirect code`, "use 301, 302, 303, 307 or 308");
  if (has(redirect.scheme) && redirect.scheme !== "http" && redirect.scheme !== "https")
    refuse(`${field}.scheme`, `${redirect.scheme ?? ""} must be http or https`);
}

function has(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

function validateDirectResponse(direct: HttpDirectResponse, field: string, refuse: Refuse): void {
  validateStatus(direct.status, `${field}.status`, refuse);
  const size = direct.body?.string?.length ?? ((direct.body?.bytes?.length ?? 0) / 4) * 3;
  if (size > 1024 * 1024) refuse(`${field}.body`, "the body must be less than 1 MB");
}

/** 600 passes, as in Istio (spec traffic 10.1.6). */
function validateStatus(status: number, field: string, refuse: Refuse): void {
  if (status < 200 || status > 600) refuse(field, `HTTP status ${status} is not in 200-599`);
}

function validateRewrite(rewrite: HttpRewrite, field: string, refuse: Refuse): void {
  const uri = (rewrite.uri ?? "") !== "";
  const regex = rewrite.uriRegexRewrite;
  if (uri && regex !== undefined) refuse(field, "a rewrite has uri or uriRegexRewrite, not both");
  if (!uri && regex === undefined && (rewrite.authority ?? "") === "")
    refuse(field, "a rewrite needs uri, uriRegexRewrite or authority");
  if (regex === undefined) return;
  if ((regex.match ?? "") === "" || (regex.rewrite ?? "") === "")
    refuse(`${field}.uriRegexRewrite`, "uriRegexRewrite needs match and rewrite");
  const fault = regexFault(regex.match ?? "");
  if (fault !== undefined) refuse(`${field}.uriRegexRewrite.match`, `RE2 refuses ${regex.match ?? ""}: ${fault}`);
}

const grpcStatuses: ReadonlySet<string> = new Set(
  "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED UNAUTHENTICATED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS".split(
    " ",
  ),
);

function validateFault(fault: HttpFault, field: string, refuse: Refuse): void {
  const { abort, delay } = fault;
  if (abort === undefined && delay === undefined) refuse(field, "a fault needs abort or delay");
  if (abort !== undefined) {
    validatePercentage(abort.percentage?.value, `${field}.abort.percentage`, refuse);
    if (abort.httpStatus !== undefined) validateStatus(abort.httpStatus, `${field}.abort.httpStatus`, refuse);
    if (abort.grpcStatus !== undefined && !grpcStatuses.has(abort.grpcStatus))
      refuse(
        `${field}.abort.grpcStatus`,
        `${abort.grpcStatus} is not a gRPC status`,
        "write its name, such as NOT_FOUND",
      );
    if ("http2Error" in abort) refuse(`${field}.abort`, "http2Error is not supported by Istio");
  }
  if (delay === undefined) return;
  validatePercentage(delay.percentage?.value, `${field}.delay.percentage`, refuse);
  if (delay.percent !== undefined && (delay.percent < 0 || delay.percent > 100))
    refuse(`${field}.delay.percent`, `${delay.percent} is not in 0..100`);
  validateDuration(delay.fixedDelay, `${field}.delay.fixedDelay`, refuse);
  if ("exponentialDelay" in delay) refuse(`${field}.delay`, "exponentialDelay is not supported by Istio");
}

function validatePercentage(value: number | undefined, field: string, refuse: Refuse): void {
  if (value !== undefined && value !== 0 && (value < 0.0001 || value > 100))
    refuse(field, `${value} is neither 0 nor in 0.0001..100`);
}

const retryConditions: ReadonlySet<string> = new Set(
  "5xx gateway-error reset reset-before-request connect-failure envoy-ratelimited retriable-4xx refused-stream retriable-status-codes retriable-headers http3-post-connect-failure cancelled deadline-exceeded internal resource-exhausted unavailable".split(
    " ",
  ),
);

/** Status codes that Go has a text for (errata E17). */
const statusCodes: ReadonlySet<number> = new Set([
  100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400,
  401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425,
  426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
]);

function validateRetries(retries: HttpRetry, field: string, refuse: Refuse): void {
  const attempts = retries.attempts ?? 0;
  if (attempts < 0) refuse(`${field}.attempts`, "attempts cannot be negative");
  if (
    attempts === 0 &&
    (retries.perTryTimeout !== undefined ||
      (retries.retryOn ?? "") !== "" ||
      retries.retryRemoteLocalities !== undefined)
  ) {
    refuse(field, "retries are configured, but attempts is 0", "set attempts, or remove the rest");
  }
  validateDuration(retries.perTryTimeout, `${field}.perTryTimeout`, refuse);
  validateDuration(retries.backoff, `${field}.backoff`, refuse);
  for (const condition of (retries.retryOn ?? "") === "" ? [] : (retries.retryOn ?? "").split(",")) {
    if (!retryConditions.has(condition) && !(/^\d{3}$/.test(condition) && statusCodes.has(Number(condition)))) {
      refuse(
        `${field}.retryOn`,
        `retryOn: "${condition}" is not a condition`,
        condition.trim() !== condition
          ? "write no blanks around commas"
          : `known are ${[...retryConditions].join(", ")}`,
      );
    }
  }
}

function validateMirrors(route: HttpRoute, field: string, refuse: Refuse): void {
  const mirrors: readonly unknown[] = Array.isArray(route.mirrors) ? route.mirrors : [];
  if (route.mirror !== undefined && mirrors.length > 0)
    refuse(`${field}.mirrors`, "a route has mirror or mirrors, not both");
  validateDestination(route.mirror, `${field}.mirror`, refuse);
  for (const [index, mirror] of mirrors.entries()) {
    if (!isRecord(mirror)) continue;
    validateDestination(mirror["destination"], `${field}.mirrors[${index}].destination`, refuse);
    validateShare(mirror["percentage"], `${field}.mirrors[${index}].percentage`, refuse);
  }
  if ("mirrorPercentage" in route) validateShare(route.mirrorPercentage, `${field}.mirrorPercentage`, refuse);
  for (const key of ["mirrorPercent", "mirror_percent"]) {
    const percent: unknown = Object.entries(route).find(([name]) => name === key)?.[1];
    if (typeof percent === "number" && percent > 100) refuse(`${field}.${key}`, `${percent} is more than 100 percent`);
  }
}

function validateShare(percentage: unknown, field: string, refuse: Refuse): void {
  const value = isRecord(percentage) && typeof percentage["value"] === "number" ? percentage["value"] : 0;
  if (value < 0 || value > 100) refuse(field, `${value} is not in 0..100 percent`);
}
