import { urlFault, urlScheme } from "../go-url.ts";
import { quote } from "../go-text.ts";
import type { Decoded } from "../shape.ts";
import type { requestAuthentication } from "../shapes/request-authentication.ts";
import { keySetFault, privateKeys } from "./key-set.ts";
import { claimHeaderFault } from "./header-names.ts";
import { type Report, refuseFault } from "./report.ts";
import { validateAttachment } from "./selector.ts";
import { durationFault } from "./values.ts";

type Spec = Decoded<typeof requestAuthentication>;
type JwtRule = NonNullable<Spec["jwtRules"]>[number];

/** Spec VA-22…VA-28. */
export function validateRequestAuthentication(spec: Spec, report: Report): void {
  validateAttachment(spec, report);
  for (const [index, rule] of (spec.jwtRules ?? []).entries()) validateRule(rule, `spec.jwtRules[${index}]`, report);
}

function validateRule(rule: JwtRule, field: string, report: Report): void {
  const { issuer = "", jwksUri = "", jwks = "" } = rule;
  refuseEmpty(rule.audiences, `${field}.audiences`, "audience must be non-empty string", report);
  if (issuer === "" && jwksUri === "") report.refuse(field, "issuer or jwksUri must be non-empty string");
  if (jwksUri !== "") refuseFault(report, `${field}.jwksUri`, keyAddressFault(jwksUri));
  if (jwks !== "") {
    const fault = keySetFault(jwks);
    if (fault !== undefined) report.refuse(`${field}.jwks`, `jwks parse error: ${fault}`);
    else {
      for (const index of privateKeys(jwks))
        report.warn(
          `${field}.jwks`,
          `jwks key at index ${index} contains private key material; only public keys are used for verification`,
          "write the public part only",
        );
    }
  }
  for (const [index, header] of (rule.fromHeaders ?? []).entries()) {
    if ((header.name ?? "") === "")
      report.refuse(`${field}.fromHeaders[${index}].name`, "location header name must be non-empty string");
  }
  refuseEmpty(rule.fromParams, `${field}.fromParams`, "location query must be non-empty string", report);
  refuseEmpty(rule.fromCookies, `${field}.fromCookies`, "cookie name must be non-empty string", report);
  for (const [index, { claim = "", header = "" }] of (rule.outputClaimToHeaders ?? []).entries()) {
    const at = `${field}.outputClaimToHeaders[${index}]`;
    if (claim === "" || header === "")
      report.refuse(at, "outputClaimToHeaders header and claim value must be non-empty string");
    else refuseFault(report, `${at}.header`, claimHeaderFault(header));
  }
  refuseFault(report, `${field}.timeout`, durationFault(rule.timeout));
}

function keyAddressFault(uri: string): string | undefined {
  const fault = urlFault(uri);
  if (fault !== undefined) return fault;
  const scheme = urlScheme(uri);
  return scheme === "http" || scheme === "https" ? undefined : `URI scheme ${quote(scheme)} is not supported`;
}

function refuseEmpty(values: readonly string[] | undefined, field: string, message: string, report: Report): void {
  for (const [index, value] of (values ?? []).entries()) if (value === "") report.refuse(`${field}[${index}]`, message);
}
