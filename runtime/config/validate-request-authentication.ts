import type { AuthorizationPolicySpec } from "../model/istio-security.ts";
import type { Refuse } from "./refuse.ts";
import { validateDuration } from "./validate-duration.ts";
import { validateSelector } from "./validate-selector.ts";
import { validateTargets } from "./validate-targets.ts";
import { isRecord } from "./yaml-tree.ts";

interface RequestAuthenticationSpec extends Pick<AuthorizationPolicySpec, "selector" | "targetRef" | "targetRefs"> {
  readonly jwtRules?: readonly unknown[];
}

/** Spec VA-22…VA-28, so that a broken document is reported even though tokens are not verified yet. */
export function validateRequestAuthentication(spec: RequestAuthenticationSpec, refuse: Refuse): void {
  validateTargets(spec, refuse);
  validateSelector(spec.selector, "spec.selector", refuse);
  const rules: readonly unknown[] = spec.jwtRules ?? [];
  for (const [index, rule] of rules.entries())
    if (isRecord(rule)) validateRule(rule, `spec.jwtRules[${index}]`, refuse);
}

function validateRule(rule: Readonly<Record<string, unknown>>, field: string, refuse: Refuse): void {
  const issuer = text(rule["issuer"]);
  const uri = text(rule["jwksUri"]) ?? text(rule["jwks_uri"]);
  const jwks = text(rule["jwks"]);
  if (issuer === undefined && uri === undefined) refuse(field, "a rule needs issuer or jwksUri");
  if (uri !== undefined && jwks !== undefined && jwks !== "")
    refuse(`${field}.jwksUri`, "a rule has jwks or jwksUri, not both");
  if (uri !== undefined && !/^https?:\/\/[^/\s:?#]+(?::\d+)?(?:[/?#](?:[^\s%]|%[0-9A-Fa-f]{2})*)?$/.test(uri))
    refuse(`${field}.jwksUri`, `${uri} must be an http:// or https:// URL`);
  if (jwks !== undefined && jwks !== "") {
    const fault = keySetFault(jwks);
    if (fault !== undefined) refuse(`${field}.jwks`, `jwks ${fault}`);
  }
  validateDuration(rule["timeout"], `${field}.timeout`, refuse);
  const outputs: readonly unknown[] = Array.isArray(rule["outputClaimToHeaders"]) ? rule["outputClaimToHeaders"] : [];
  for (const [index, output] of outputs.entries()) {
    const header = isRecord(output) ? text(output["header"]) : undefined;
    if (header !== undefined && !/^[-_A-Za-z0-9]+$/.test(header))
      refuse(`${field}.outputClaimToHeaders[${index}].header`, `${header} is not the name of a header`);
  }
}

/** Why a text is not a set of keys (JWK set or one JWK). Values inside a key are not judged. */
function keySetFault(jwks: string): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(jwks);
  } catch {
    return "is not JSON";
  }
  if (!isRecord(parsed)) return "is not a JSON object";
  const keys: readonly unknown[] = Array.isArray(parsed["keys"]) ? parsed["keys"] : [parsed];
  const known = ["RSA", "EC", "OKP", "oct"];
  const bad = keys.find(
    (key) =>
      !isRecord(key) ||
      !known.includes(String(key["kty"])) ||
      (key["kty"] === "RSA" && (!isBase64Url(key["n"]) || !isBase64Url(key["e"]))),
  );
  return bad === undefined ? undefined : "has a key that cannot be used";
}

function isBase64Url(value: unknown): boolean {
  return typeof value === "string" && /^[-_A-Za-z0-9+/]+=*$/.test(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
