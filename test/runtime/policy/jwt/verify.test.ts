import { describe, expect, it } from "vitest";
import { readKeySet } from "../../../../runtime/policy/jwt/key-set.ts";
import { parseJwt } from "../../../../runtime/policy/jwt/parse.ts";
import { verifySignature } from "../../../../runtime/policy/jwt/verify.ts";
import { keySet, signedToken, signingKey, type SigningKey } from "../../../support/tokens.ts";

function verdict(token: string, jwks: string): string {
  const jwt = parseJwt(token);
  return typeof jwt === "string" ? jwt : (verifySignature(jwt, readKeySet(jwks)) ?? "ok");
}

const noKey = "Jwks doesn't have key to match kid or alg from Jwt";
const fails = "Jwt verification fails";

describe("every algorithm", () => {
  const all = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 HS256 HS384 HS512 EdDSA".split(" ");
  it.each(all)("%s", (algorithm) => {
    const key = signingKey(algorithm, "k");
    const token = signedToken(key, { sub: "a" });
    expect(verdict(token, keySet(key))).toBe("ok");
    expect(
      verdict(signedToken(key, { sub: "b" }).replace(/\.[^.]*$/, token.slice(token.lastIndexOf("."))), keySet(key)),
    ).toBe(fails);
    if (algorithm.startsWith("HS")) return;
    expect(verdict(token, keySet(signingKey(algorithm, "k")))).toBe(fails);
  });
});

describe("which key", () => {
  const rsa = signingKey("RS256", "one");
  const other = signingKey("RS256", "two");
  const ed = signingKey("EdDSA", "ed");
  const named = (key: SigningKey, fields: object): string => JSON.stringify({ keys: [{ ...key.jwk, ...fields }] });

  it("by id", () => {
    expect(verdict(signedToken(rsa, {}), keySet(other, rsa))).toBe("ok");
    expect(verdict(signedToken(rsa, {}), keySet(other))).toBe(noKey);
    expect(verdict(signedToken(rsa, {}, { kid: "two" }), keySet(other, rsa))).toBe(fails);
    expect(verdict(signedToken(rsa, {}, { kid: "" }), keySet(other, rsa))).toBe("ok");
    expect(verdict(signedToken(rsa, {}), named(rsa, { kid: 5 }))).toBe("ok");
  });

  it("by algorithm, when the key names one", () => {
    const token = signedToken(rsa, {});
    expect(verdict(token, named(rsa, { alg: "RS256", use: "enc" }))).toBe("ok");
    expect(verdict(token, named(rsa, { alg: "RS512" }))).toBe(noKey);
    expect(verdict(signedToken(rsa, {}, { alg: "HS256" }), keySet(rsa))).toBe(fails);
    expect(verdict(signedToken(rsa, {}, { alg: "ES256" }), keySet(rsa))).toBe(fails);
  });

  it("an Ed25519 key ends the search when the signature cannot be its own", () => {
    const short = "Jwt ED25519 signature is wrong length";
    expect(verdict(signedToken(rsa, {}, { kid: "" }), keySet(ed, rsa))).toBe(short);
    expect(verdict(signedToken(rsa, {}, { kid: "" }), keySet(rsa, ed))).toBe("ok");
  });

  it("an HMAC with the text of a public key is not taken for the key's signature", () => {
    const secret = signingKey("HS256", "one");
    expect(verdict(signedToken(secret, {}), keySet(rsa))).toBe(fails);
  });
});

describe("readKeySet passes over what is no key", () => {
  const rsa = signingKey("RS256");
  const ec = signingKey("ES256");
  const good = { kty: "RSA", n: rsa.jwk.n, e: "AQAB" };
  it.each<[string, unknown]>([
    ["not an object", 5],
    ["unknown type", { ...good, kty: "XX" }],
    ["no modulus", { kty: "RSA", e: "AQAB" }],
    ["bad base64", { ...good, n: "!!" }],
    ["even modulus", { ...good, n: `${String(rsa.jwk.n).slice(0, -1)}A` }],
    ["other exponent", { ...good, e: "Aw0" }],
    ["algorithm of another type", { ...good, alg: "ES256" }],
    ["not on the curve", { ...ec.jwk, x: ec.jwk.y }],
    ["curve against algorithm", { ...ec.jwk, alg: "ES384" }],
    ["unknown curve", { ...ec.jwk, crv: "P-224" }],
    ["too long for the curve", { ...ec.jwk, crv: "P-256", x: Buffer.alloc(40, 1).toString("base64url") }],
    ["X25519", { kty: "OKP", crv: "X25519", x: Buffer.alloc(32, 1).toString("base64url") }],
    ["short Ed25519", { kty: "OKP", crv: "Ed25519", x: Buffer.alloc(31, 1).toString("base64url") }],
    ["empty secret", { kty: "oct", k: "" }],
  ])("%s", (_name, jwk) => {
    expect(readKeySet(JSON.stringify({ keys: [jwk] }))).toEqual([]);
    expect(readKeySet(JSON.stringify({ keys: [jwk, good] }))).toHaveLength(1);
  });

  it.each(["", "[]", "{}", '{"keys":{}}', "{"])("a text that is no set: %s", (text) => {
    expect(readKeySet(text)).toEqual([]);
  });
});
