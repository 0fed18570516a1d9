import { grpcStatusNames } from "../../model/grpc-status.ts";
import { goFloat, quote } from "../go-text.ts";
import { validateDestination } from "./destination.ts";
import { isAuthorityHeader } from "./header-names.ts";
import { matchKind } from "./http-match.ts";
import type { HttpRoute } from "./specs.ts";
import { retryPolicies, statusTexts } from "./retry-policies.ts";
import { type Report, refuseFault } from "./report.ts";
import { durationFault, patternFault, portFault } from "./values.ts";

export function validateFault(fault: HttpRoute["fault"], field: string, report: Report): void {
  if (fault === undefined) return;
  const { abort, delay } = fault;
  if (abort === undefined && delay === undefined)
    report.refuse(field, "HTTP fault injection must have an abort and/or a delay");
  if (abort !== undefined) {
    refuseFault(report, `${field}.abort.percentage`, shareFault(abort.percentage?.value ?? 0));
    if (abort.http2Error !== undefined)
      report.refuse(`${field}.abort.http2Error`, "HTTP/2 abort fault injection not supported yet");
    else if (abort.grpcStatus !== undefined) {
      if (!grpcStatusNames.includes(abort.grpcStatus))
        report.refuse(
          `${field}.abort.grpcStatus`,
          `gRPC status ${quote(abort.grpcStatus)} is not supported. See https://github.com/grpc/grpc/blob/master/doc/statuscodes.md for a list of supported codes, for example 'NOT_FOUND'`,
        );
    } else if (abort.httpStatus !== undefined)
      refuseFault(report, `${field}.abort.httpStatus`, statusFault(abort.httpStatus));
  }
  if (delay === undefined) return;
  refuseFault(report, `${field}.delay.percentage`, shareFault(delay.percentage?.value ?? 0));
  if (delay.exponentialDelay !== undefined) {
    refuseFault(report, `${field}.delay.exponentialDelay`, durationFault(delay.exponentialDelay));
    report.refuse(`${field}.delay.exponentialDelay`, "exponentialDelay not supported yet");
  } else refuseFault(report, `${field}.delay.fixedDelay`, durationFault(delay.fixedDelay));
}

function shareFault(value: number): string | undefined {
  return value < 0 || value > 100 || (value > 0 && value < 0.0001)
    ? `percentage ${goFloat(value)} is neither 0.0, nor in range [0.0001, 100.0]`
    : undefined;
}

/** 600 slips through. */
function statusFault(status: number): string | undefined {
  return status < 200 || status > 600 ? `HTTP status ${status} is not in range 200-599` : undefined;
}

export function validateMirrors(route: HttpRoute, field: string, report: Report): void {
  const { mirrorPercent: percent, mirrorPercentage } = route;
  if (percent !== undefined) {
    const at = `${field}.mirrorPercent`;
    if (percent > 100) report.refuse(at, `mirror_percent must have a max value of 100 (it has ${percent})`);
    report.warn(at, 'using deprecated setting "mirrorPercent", use "mirrorPercentage" instead');
  }
  validateShare(mirrorPercentage?.value, "mirror_percentage", `${field}.mirrorPercentage`, report);
  for (const [index, mirror] of (route.mirrors ?? []).entries()) {
    const at = `${field}.mirrors[${index}]`;
    if (mirror.destination === undefined) {
      report.refuse(at, "destination is required for mirrors");
      continue;
    }
    validateDestination(mirror.destination, `${at}.destination`, report);
    validateShare(mirror.percentage?.value, "mirror percentage", `${at}.percentage`, report);
  }
}

function validateShare(value: number | undefined, name: string, field: string, report: Report): void {
  if (value === undefined) return;
  if (value > 100) report.refuse(field, `${name} must have a max value of 100 (it has ${value.toFixed(6)})`);
  if (value < 0) report.refuse(field, `${name} must have a min value of 0 (it has ${value.toFixed(6)})`);
}

export function validateRedirect(route: HttpRoute, field: string, report: Report): void {
  const fault = redirectFault(route);
  if (fault !== undefined) report.refuse(field, fault);
}

/** Only the first fault is told. */
function redirectFault({ redirect, match = [] }: HttpRoute): string | undefined {
  if (redirect === undefined) return undefined;
  const { uri = "", prefixRewrite = "", authority = "", scheme = "", redirectCode = 0 } = redirect;
  if (uri !== "" && prefixRewrite !== "") return "redirect may only specify one of uri or prefix_rewrite";
  if (prefixRewrite !== "" && match.some((each) => each.uri !== undefined && matchKind(each.uri) !== "prefix"))
    return "redirect prefix_rewrite requires all URI matches to use prefix match type";
  const hasPort = redirect.port !== undefined || redirect.derivePort !== undefined;
  if (uri === "" && prefixRewrite === "" && authority === "" && scheme === "" && !hasPort)
    return "redirect must specify URI, authority, scheme, or port";
  if (redirectCode !== 0 && (redirectCode < 300 || redirectCode > 399))
    return `${redirectCode} is not a valid redirect code, must be 3xx`;
  if (scheme !== "" && scheme !== "http" && scheme !== "https")
    return 'invalid redirect scheme, must be "http" or "https"';
  const port = redirect.derivePort === undefined ? (redirect.port ?? 0) : 0;
  return port > 0 ? portFault(port) : undefined;
}

const kibibyte = 1024;

export function validateDirectResponse(response: HttpRoute["directResponse"], field: string, report: Report): void {
  if (response === undefined) return;
  const { bytes, string } = response.body ?? {};
  const size = bytes === undefined ? new TextEncoder().encode(string ?? "").length : base64Size(bytes);
  if (size > kibibyte * kibibyte)
    report.refuse(
      `${field}.body`,
      "large direct_responses may impact control plane performance, must be less than 1MB",
    );
  else if (size > 100 * kibibyte)
    report.warn(`${field}.body`, "large direct_responses may impact control plane performance");
  refuseFault(report, `${field}.status`, statusFault(response.status ?? 0));
}

function base64Size(text: string): number {
  const bare = text.replace(/[\r\n]/g, "");
  return (bare.length / 4) * 3 - (/=*$/.exec(bare)?.[0].length ?? 0);
}

export function validateRetries(retries: HttpRoute["retries"], field: string, report: Report): void {
  if (retries === undefined) return;
  const { attempts = 0, retryOn = "", perTryTimeout } = retries;
  if (attempts < 0) report.refuse(`${field}.attempts`, "attempts cannot be negative");
  if (attempts === 0 && (perTryTimeout !== undefined || retryOn !== "" || retries.retryRemoteLocalities !== undefined))
    report.refuse(
      field,
      "http retry policy configured when attempts are set to 0 (disabled)",
      "set attempts, or remove the other fields",
    );
  refuseFault(report, `${field}.perTryTimeout`, durationFault(perTryTimeout));
  for (const policy of retryOn === "" ? [] : retryOn.split(",")) {
    const isStatus = /^[+-]?\d+$/.test(policy) && statusTexts.has(Number(policy));
    if (!isStatus && !retryPolicies.has(policy))
      report.refuse(`${field}.retryOn`, `${quote(policy)} is not a valid retryOn policy`);
  }
  refuseFault(report, `${field}.backoff`, durationFault(retries.backoff));
}

export function validateRewrite(route: HttpRoute, field: string, report: Report): void {
  const fault = rewriteFault(route.rewrite);
  if (fault !== undefined) report.refuse(`${field}.rewrite`, fault);
  let current = route.rewrite?.authority ?? "";
  for (const key of ["set", "add"] as const) {
    for (const [name, value] of Object.entries(route.headers?.request?.[key] ?? {})) {
      if (!isAuthorityHeader(name)) continue;
      if (current !== "") {
        report.refuse(
          `${field}.headers.request.${key}.${name}`,
          `authority header cannot be set multiple times: have ${quote(current)}, attempting to set ${quote(value)}`,
          "keep one of the two",
        );
        return;
      }
      current = value;
    }
  }
}

function rewriteFault(rewrite: HttpRoute["rewrite"]): string | undefined {
  if (rewrite === undefined) return undefined;
  const { uri = "", authority = "", uriRegexRewrite: regex } = rewrite;
  if (uri !== "" && regex !== undefined) return "rewrite may only contain one of URI or UriRegexRewrite";
  if (regex === undefined)
    return uri === "" && authority === ""
      ? "rewrite must specify at least one of URI, UriRegexRewrite, or authority. Only one of URI or UriRegexRewrite may be specified"
      : undefined;
  const start = "UriRegexRewrite has errors\n";
  if ((regex.match ?? "") === "" || (regex.rewrite ?? "") === "")
    return `${start}UriRegexRewrite requires both Rewrite and Match fields to be specified`;
  const fault = patternFault(regex.match ?? "", "HTTPRewrite.UriRegexRewrite.Match");
  return fault === undefined ? undefined : `${start}${fault}`;
}
