import { isLabel } from "../domain.ts";
import { quote } from "../go-text.ts";
import { validateGatewayNames } from "./gateway-names.ts";
import { matchHeaderFault } from "./header-names.ts";
import { type Report, refuseFault } from "./report.ts";
import type { HttpMatch, StringMatch } from "./specs.ts";
import { patternFault, portFault, validateLabels } from "./values.ts";

export function validateHttpMatch(match: HttpMatch, field: string, report: Report): void {
  for (const [name, text] of Object.entries(match.headers ?? {})) {
    refuseFault(report, `${field}.headers.${name}`, matchHeaderFault(name));
    validateText(text, "headers", `${field}.headers.${name}`, report);
  }
  for (const [name, text] of Object.entries(match.withoutHeaders ?? {})) {
    refuseFault(report, `${field}.withoutHeaders.${name}`, matchHeaderFault(name));
    // `*` means presence here, and is no regular expression.
    if (text.regex !== "*") validateText(text, "withoutHeaders", `${field}.withoutHeaders.${name}`, report);
  }
  validatePattern(match.uri, "uri", `${field}.uri`, report);
  for (const key of ["scheme", "method", "authority"] as const)
    validateText(match[key], key, `${field}.${key}`, report);
  for (const [name, text] of Object.entries(match.queryParams ?? {}))
    validateText(text, "queryParams", `${field}.queryParams.${name}`, report);
  if ((match.port ?? 0) !== 0) refuseFault(report, `${field}.port`, portFault(match.port ?? 0));
  validateLabels(match.sourceLabels, `${field}.sourceLabels`, report);
  validateGatewayNames(match.gateways, `${field}.gateways`, report);
  const space = match.sourceNamespace ?? "";
  if (space !== "" && !isLabel(space))
    report.refuse(`${field}.sourceNamespace`, `sourceNamespace match ${space} is invalid`);
}

/** The alternative of a StringMatch that counts: the last that its message declares. */
export function matchKind(text: StringMatch | undefined): "exact" | "prefix" | "regex" | undefined {
  return (["regex", "prefix", "exact"] as const).find((kind) => text?.[kind] !== undefined);
}

function validateText(text: StringMatch | undefined, where: string, field: string, report: Report): void {
  if (matchKind(text) === "prefix" && text?.prefix === "")
    report.refuse(`${field}.prefix`, `${quote(where)}: prefix string match should not be empty`);
  else validatePattern(text, where, field, report);
}

export function validatePattern(text: StringMatch | undefined, where: string, field: string, report: Report): void {
  if (matchKind(text) !== "regex") return;
  const pattern = text?.regex ?? "";
  if (pattern === "") report.refuse(`${field}.regex`, `${quote(where)}: regex string match should not be empty`);
  else refuseFault(report, `${field}.regex`, patternFault(pattern, where));
}
