import { describe, expect, it } from "vitest";
import { createIssuerKey, issuerDocument, issuerKeySet, signToken } from "../../../runtime/identity/issuer.ts";
import { isDevIssuer } from "../../../runtime/model/issuer.ts";
import { readKeySet } from "../../../runtime/policy/jwt/key-set.ts";
import { parseJwt } from "../../../runtime/policy/jwt/parse.ts";
import { verifySignature } from "../../../runtime/policy/jwt/verify.ts";

const key = createIssuerKey();

function verdict(token: string, jwks: string): string | undefined {
  const jwt = parseJwt(token);
  return typeof jwt === "string" ? jwt : verifySignature(jwt, readKeySet(jwks));
}

describe("the issuer for development", () => {
  it("signs what its keys verify, and nobody else's do", () => {
    const token = signToken(key, { sub: "a" });
    expect(verdict(token, issuerKeySet(key))).toBeUndefined();
    expect(verdict(token, issuerKeySet(createIssuerKey()))).toMatch(/doesn't have key/);
    expect(verdict(signToken(key, { sub: "a" }, true), issuerKeySet(key))).toBe("Jwt verification fails");
  });

  it("shows only the public half, where it says", () => {
    expect(Object.keys(JSON.parse(issuerKeySet(key)).keys[0]).toSorted()).toEqual([
      "alg",
      "e",
      "kid",
      "kty",
      "n",
      "use",
    ]);
    expect(JSON.parse(issuerDocument("/.well-known/openid-configuration", key) ?? "")).toMatchObject({
      issuer: "http://meshdev-issuer.istio-system",
      jwks_uri: "http://meshdev-issuer.istio-system/jwks",
    });
    expect(issuerDocument("/jwks", key)).toBe(issuerKeySet(key));
    expect(issuerDocument("/", key)).toBeUndefined();
  });

  it.each([
    ["http://meshdev-issuer.istio-system", true],
    ["http://meshdev-issuer.istio-system.svc:80/jwks", true],
    ["http://MESHDEV-issuer.istio-system.svc.cluster.local./jwks?x", true],
    ["https://meshdev-issuer.istio-system/jwks", false],
    ["http://meshdev-issuer.istio-system:8080/jwks", false],
    ["http://meshdev-issuer.istio-system.example/jwks", false],
    ["http://x@meshdev-issuer.istio-system/jwks", false],
    ["meshdev-issuer.istio-system", false],
  ])("%s: %s", (url, expected) => {
    expect(isDevIssuer(url)).toBe(expected);
  });
});
