import type { JwtRule } from "../model/istio-security.ts";

/** Where the keys of a rule without inline `jwks` are fetched. */
export interface KeySource {
  readonly url: string;
  /** `discovery`: the URL answers with an OpenID configuration that names the URL of the keys. */
  readonly kind: "keys" | "discovery";
}

/** The rule's `jwksUri`, else what its issuer says (spec RA-9). */
export function keySourceOf(rule: JwtRule): KeySource {
  const uri = rule.jwksUri ?? rule.jwks_uri ?? "";
  if (uri !== "") return { url: uri, kind: "keys" };
  const issuer = (rule.issuer ?? "").replace(/\/$/, "");
  return { url: `${issuer}/.well-known/openid-configuration`, kind: "discovery" };
}
