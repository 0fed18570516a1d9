import { parseDuration } from "../duration.ts";
import { isWholeMilliseconds } from "../duration.ts";
import { quote } from "../go-text.ts";
import { isCidr } from "../ip-text.ts";
import { ipFault } from "../domain.ts";
import { regexFault } from "../re2.ts";
import type { Report } from "./report.ts";

/** Faults of single values, in the words of Istio's validators. */

export function durationFault(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if ((parseDuration(text) ?? 0) < 1) return "duration must be greater than 1ms";
  return isWholeMilliseconds(text) ? undefined : "only durations to ms precision are supported";
}

export function portFault(port: number): string | undefined {
  return port >= 1 && port <= 65535 ? undefined : `port number ${port} must be in the range 1..65535`;
}

export function subnetFault(subnet: string): string | undefined {
  if (subnet.split("/").length !== 2) return ipFault(subnet);
  return isCidr(subnet) ? undefined : `${subnet} is not a valid CIDR block`;
}

export function socketFault(path: string): string | undefined {
  if (path === "") return "unix address must not be empty";
  if (path.startsWith("@")) return undefined;
  return !path.startsWith("/") || path.endsWith("/") ? `${path} is not an absolute path to a file` : undefined;
}

export function percentFault(value: number): string | undefined {
  return value < 0 || value > 100 ? `percentage ${value} is not in range 0..100` : undefined;
}

/** A regular expression that Envoy is to run; `where` is part of Istio's message. */
export function patternFault(pattern: string, where: string): string | undefined {
  if (pattern.length > 1024) return `${quote(where)}: regex is too large, max length allowed is 1024`;
  const fault = regexFault(pattern);
  return fault === undefined
    ? undefined
    : `${quote(where)}: ${fault}; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)`;
}

const dnsLabel = "[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?";
const qualifiedName = "(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelKey = new RegExp(`^(${dnsLabel}(?:\\.${dnsLabel})*/)?(${qualifiedName})$`);
const labelValue = new RegExp(`^(?:${qualifiedName})?$`);

/** Labels of subsets, endpoints and sources (errata M1). */
export function validateLabels(
  labels: Readonly<Record<string, string>> | undefined,
  field: string,
  report: Report,
): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    const at = `${field}.${key}`;
    const [, prefix = "", name = ""] = labelKey.exec(key) ?? [];
    if (!labelKey.test(key)) report.refuse(at, `invalid tag key: ${quote(key)}`);
    else if (prefix.length - 1 > 253) report.refuse(at, `invalid tag key: ${quote(key)} (DNS prefix is too long)`);
    else if (name.length > 63) report.refuse(at, `invalid tag key: ${quote(key)} (name is too long)`);
    if (!labelValue.test(value)) report.refuse(at, `invalid tag value: ${quote(value)}`);
  }
}
