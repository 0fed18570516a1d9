import { boolean, duration, enumOf, filled, listOf, message, string } from "../shape.ts";
import { httpUrl, jwksOrUri, targetsOrSelector } from "../shape-rules.ts";
import { policyTargetReference, typeWorkloadSelector } from "./selector.ts";

const jwtHeader = message(
  "istio.security.v1beta1.JWTHeader",
  {
    name: filled,
    prefix: string,
  },
  { required: ["name"] },
);

const claimToHeader = message(
  "istio.security.v1beta1.ClaimToHeader",
  {
    header: { ...string, minLength: 1, pattern: /^[-_A-Za-z0-9]+$/ },
    claim: filled,
  },
  { required: ["header", "claim"] },
);

const jwtRule = message(
  "istio.security.v1beta1.JWTRule",
  {
    issuer: filled,
    audiences: listOf(filled),
    jwksUri: { ...string, minLength: 1, maxBytes: 2048, rules: [httpUrl] },
    jwks: string,
    fromHeaders: listOf(jwtHeader),
    fromParams: listOf(filled),
    outputPayloadToHeader: string,
    fromCookies: listOf(filled),
    forwardOriginalToken: boolean,
    outputClaimToHeaders: listOf(claimToHeader),
    timeout: duration,
    spaceDelimitedClaims: listOf(filled, { max: 64 }),
    // Accepted, and without effect (spec GO-51).
    presence: enumOf("istio.security.v1beta1.JWTRule.Presence", ["OPTIONAL", "REQUIRED"]),
    jwks_uri: { ...string, minLength: 1, maxBytes: 2048, alias: true },
  },
  { rules: [jwksOrUri] },
);

export const requestAuthentication = message(
  "istio.security.v1beta1.RequestAuthentication",
  {
    selector: typeWorkloadSelector,
    targetRef: policyTargetReference,
    targetRefs: listOf(policyTargetReference, { max: 16 }),
    jwtRules: listOf(jwtRule, { max: 4096 }),
  },
  { rules: [targetsOrSelector] },
);
