import type { HttpMatchRequest, StringMatch } from "../model/istio-networking.ts";
import { isLabel } from "./domain.ts";
import { isLabelKey, isLabelValue } from "./names.ts";
import { regexFault } from "./re2.ts";
import type { Refuse } from "./refuse.ts";
import { validateGateways } from "./gateway-names.ts";

/** One entry of `http[].match`. */
export function validateHttpMatch(
  match: HttpMatchRequest,
  field: string,
  gateways: readonly string[],
  refuse: Refuse,
): void {
  for (const key of ["uri", "scheme", "method", "authority"] as const)
    validateStringMatch(match[key], `${field}.${key}`, refuse);
  for (const key of ["headers", "withoutHeaders", "queryParams"] as const) {
    for (const [name, value] of Object.entries(match[key] ?? {})) {
      if (key !== "queryParams") validateHeaderName(name, `${field}.${key}.${name}`, gateways, refuse);
      validateStringMatch(value, `${field}.${key}.${name}`, refuse);
    }
  }
  if (match.port !== undefined && match.port > 65535)
    refuse(`${field}.port`, `${match.port} is not a port in 1..65535`);
  for (const [key, value] of Object.entries(match.sourceLabels ?? {})) {
    if (!isLabelKey(key) || !isLabelValue(value))
      refuse(`${field}.sourceLabels.${key}`, `${key}: ${value} is not a valid label`);
  }
  validateGateways(match.gateways ?? [], `${field}.gateways`, refuse);
  if (match.sourceNamespace !== undefined && match.sourceNamespace !== "" && !isLabel(match.sourceNamespace))
    refuse(`${field}.sourceNamespace`, `${match.sourceNamespace} is not a namespace`);
}

function validateHeaderName(name: string, field: string, gateways: readonly string[], refuse: Refuse): void {
  if (name.startsWith("@request.auth.claims")) {
    if (gateways.length === 0 || gateways.includes("mesh"))
      refuse(field, `${name}: claims can be matched by gateways only`);
    return;
  }
  if ([":method", ":path", ":authority", ":scheme"].includes(name)) return;
  if (name === "") refuse(field, "a header needs a name");
  else if (!/^[-_A-Za-z0-9]+$/.test(name)) refuse(field, `${name} is not the name of a header`);
}

/** Empty `{}` is a presence test; empty prefixes and regexes are refused. */
export function validateStringMatch(match: StringMatch | undefined, field: string, refuse: Refuse): void {
  if (match === undefined) return;
  // An empty uri prefix is legal and matches every path.
  if (match.prefix === "" && !field.endsWith(".uri"))
    refuse(`${field}.prefix`, "a prefix must not be empty", "remove the condition to match everything");
  if (match.regex === undefined) return;
  if (match.regex === "") refuse(`${field}.regex`, "a regex must not be empty");
  else if (match.regex.length > 1024) refuse(`${field}.regex`, "a regex has at most 1024 characters");
  else {
    const fault = regexFault(match.regex);
    if (fault !== undefined) refuse(`${field}.regex`, `RE2 refuses ${match.regex}: ${fault}`);
  }
}
