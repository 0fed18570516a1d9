import { describe, expect, it } from "vitest";
import type { JwtProvider, TokenOutcome } from "../../../../runtime/model/jwt.ts";
import { bindAuthentication } from "../../../../runtime/policy/jwt/authenticate.ts";
import { keySet, signedToken, signingKey } from "../../../support/tokens.ts";
import { factsOf, type FactsInit } from "../facts.ts";
import { clockAt, providerOf } from "./providers.ts";

const key = signingKey("ES256", "k");
const jwks = keySet(key);
const now = 1_700_000_000;
const good = signedToken(key, { iss: "a", sub: "alice", exp: now + 100 });
const goodB = signedToken(key, { iss: "b", sub: "bob" });
const expired = signedToken(key, { iss: "a", sub: "alice", exp: now - 61 });
const a = providerOf({ issuer: "a", jwks });
const b = providerOf({ issuer: "b", jwks });

function ask(providers: readonly JwtProvider[], facts: FactsInit): TokenOutcome | undefined {
  return bindAuthentication(providers, clockAt(now))(factsOf(facts));
}

/** The fault, or the subject that was accepted; undefined: no token. */
function short(providers: readonly JwtProvider[], facts: FactsInit): string | undefined {
  const outcome = ask(providers, facts);
  return outcome?.fault ?? outcome?.says?.subject;
}

const bearer = (...tokens: string[]): FactsInit => ({
  headers: { authorization: tokens.map((token) => `Bearer ${token}`) },
});

describe("one rule", () => {
  it.each<[string, FactsInit, string | undefined]>([
    ["no token", {}, undefined],
    ["another scheme", { headers: { authorization: ["Basic x"] } }, undefined],
    ["lower case scheme", { headers: { authorization: [`bearer ${good}`] } }, undefined],
    ["good", bearer(good), "alice"],
    ["behind other text", { headers: { authorization: [`X Bearer  "${good}`] } }, "alice"],
    ["parameter", { path: `/?x=1&access_token=${good}` }, "alice"],
    ["escaped parameter", { path: `/?access%5Ftoken=${good.replaceAll(".", "%2e")}` }, "alice"],
    [
      "empty parameter",
      { path: "/?access_token" },
      "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
    ],
    ["expired", bearer(expired), "Jwt is expired"],
    ["another issuer", bearer(goodB), "Jwt issuer is not configured"],
    [
      "two lines are one value",
      bearer(good, good),
      "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
    ],
    ["all must be good", { ...bearer(good), path: `/?access_token=${expired}` }, "Jwt is expired"],
    [
      "preflight",
      {
        method: "OPTIONS",
        headers: { origin: ["x"], "access-control-request-method": ["GET"], authorization: [`Bearer ${expired}`] },
      },
      undefined,
    ],
    [
      "preflight without origin",
      {
        method: "OPTIONS",
        headers: { origin: [""], "access-control-request-method": ["GET"], authorization: [`Bearer ${expired}`] },
      },
      "Jwt is expired",
    ],
  ])("%s", (_name, facts, expected) => {
    expect(short([a], facts)).toBe(expected);
  });

  it.each<[string, object, string]>([
    ["a minute after exp", { exp: now - 60 }, "ok"],
    ["later", { exp: now - 61 }, "Jwt is expired"],
    ["a minute before nbf", { nbf: now + 60 }, "ok"],
    ["earlier", { nbf: now + 61 }, "Jwt not yet valid"],
    ["exp 0", { exp: 0 }, "ok"],
    ["iat does not matter", { iat: now + 1e6 }, "ok"],
  ])("%s", (_name, claims, expected) => {
    expect(ask([a], bearer(signedToken(key, { iss: "a", ...claims })))?.fault ?? "ok").toBe(expected);
  });

  it.each<[unknown, string | undefined]>([
    ["foo", undefined],
    [["x", "foo"], undefined],
    ["http://api.example", undefined],
    ["https://api.example/", undefined],
    ["api.example//", "Audiences in Jwt are not allowed"],
    ["FOO", "Audiences in Jwt are not allowed"],
    [[], "Audiences in Jwt are not allowed"],
  ])("audience %j", (aud, expected) => {
    const rule = providerOf({ issuer: "a", jwks, audiences: ["foo", "api.example"] });
    expect(ask([rule], bearer(signedToken(key, { iss: "a", aud })))?.fault).toBe(expected);
  });

  it("any issuer when it names none", () => {
    expect(short([providerOf({ issuer: "", jwks })], bearer(goodB))).toBe("bob");
    expect(ask([providerOf({ issuer: "", jwks })], bearer(signedToken(key, {})))?.fault).toBeUndefined();
  });

  it("without keys everything fails alike, and without usable keys too", () => {
    expect(short([providerOf({ issuer: "a" })], bearer(good))).toBe("Jwt verification fails");
    expect(short([providerOf({ issuer: "a" })], bearer(expired))).toBe("Jwt is expired");
    expect(short([providerOf({ issuer: "a", jwks: '{"keys":[]}' })], bearer(good))).toBe(
      "Jwks doesn't have any valid public key",
    );
  });

  it("cookies and plain headers", () => {
    const rule = providerOf({
      issuer: "a",
      jwks,
      headers: [{ name: "x-t", prefix: "" }],
      params: [],
      cookies: ["sid"],
    });
    expect(short([rule], { headers: { cookie: ["a=1", `sid="${good}"; sid=x`] } })).toBe("alice");
    expect(short([rule], { headers: { cookie: ["xsid=1"] } })).toBeUndefined();
    expect(short([rule], { headers: { "x-t": [good, good] } })).toBe("alice");
    expect(short([rule], { headers: { "x-t": [good, expired] } })).toBe("Jwt is expired");
    expect(short([rule], bearer(good))).toBeUndefined();
  });
});

describe("several rules", () => {
  const onA = providerOf({ issuer: "a", jwks, headers: [{ name: "x-a", prefix: "" }], params: [] });
  const onB = providerOf({ issuer: "b", jwks, headers: [{ name: "x-b", prefix: "" }], params: [] });
  const sent = (first: string | undefined, second: string | undefined): FactsInit => ({
    headers: {
      ...(first === undefined ? {} : { "x-a": [first] }),
      ...(second === undefined ? {} : { "x-b": [second] }),
    },
  });

  it.each<[string, FactsInit, string | undefined]>([
    ["none", sent(undefined, undefined), undefined],
    ["one good token is enough", sent(good, expired), "alice"],
    ["the second rule's too", sent(expired, goodB), "bob"],
    ["only a bad one", sent(expired, undefined), "Jwt is expired"],
    ["each in the other's place", sent(goodB, good), "Jwt issuer is not configured"],
    ["both bad: the last fault that says something", sent(expired, good), "Jwt is expired"],
  ])("%s", (_name, facts, expected) => {
    expect(short([onA, onB], facts)).toBe(expected);
  });

  it("the same places: a token of another rule does not spoil the others", () => {
    expect(short([a, b], bearer(good))).toBe("alice");
    expect(short([a, b], bearer(goodB))).toBe("bob");
    const both = ask([a, b], { ...bearer(good), path: `/?access_token=${goodB}` });
    expect(both?.fault).toBeUndefined();
    expect(both?.claims).toMatchObject({ sub: "alice" });
    expect(both?.changes.path).toBe("/");
    expect(short([a, b], { ...bearer(expired), path: `/?access_token=${goodB}` })).toBe("Jwt is expired");
  });

  it("names no rule when none takes the issuer", () => {
    const foreign = signedToken(key, { iss: "c" });
    expect(ask([a, b], bearer(foreign))?.provider).toBeUndefined();
    expect(ask([a], bearer(foreign))?.provider).toBe(a);
  });

  it("a good token that takes a bad one beside it along leaves neither", () => {
    const outcome = ask([onA, onB], { headers: { "x-a": [expired, good] } });
    expect(outcome).toMatchObject({ fault: undefined, says: { subject: "alice" }, changes: { removed: ["x-a"] } });
  });
});

describe("what goes on", () => {
  const payload = { iss: "a", sub: "alice", scope: "read write", n: -3, nested: { list: ["a", "<b>"] }, bad: "x\r\ny" };
  const token = signedToken(key, payload);
  const writing = providerOf({
    issuer: "a",
    jwks,
    payloadHeader: "x-payload",
    claimHeaders: [
      { header: "x-sub", claim: "sub" },
      { header: "x-n", claim: "n" },
      { header: "x-list", claim: "nested.list" },
      { header: "x-none", claim: "nested.none" },
      { header: "x-bad", claim: "bad" },
    ],
  });

  it("claims in headers, in place of what the caller wrote there", () => {
    const { changes } = ask([writing], { headers: { authorization: [`Bearer ${token}`], "x-sub": ["root"] } }) ?? {};
    expect(changes?.removed).toEqual(["x-payload", "x-sub", "x-n", "x-list", "x-none", "x-bad", "authorization"]);
    expect(changes?.added).toEqual([
      ["x-payload", token.split(".")[1]],
      ["x-sub", "alice"],
      ["x-n", "-3.000000"],
      ["x-list", Buffer.from('["a","\\u003cb\\u003e"]').toString("base64")],
    ]);
  });

  it.each<[number, string]>([
    [5, "5"],
    [1.5, "1.500000"],
    [9007199254740992, "9007199254740992"],
    [9223372036854775808, "9223372036854775808"],
    [1e20, "100000000000000000000.000000"],
    [-1e21, "-1000000000000000000000.000000"],
  ])("number %d", (n, text) => {
    const outcome = ask([writing], bearer(signedToken(key, `{"iss":"a","n":${n}}`)));
    expect(outcome?.changes.added.find(([name]) => name === "x-n")?.[1]).toBe(text);
  });

  it("words as lists for policies", () => {
    expect(ask([writing], bearer(token))?.claims).toMatchObject({ scope: ["read", "write"], bad: "x\r\ny" });
  });

  it("the token, only when it shall", () => {
    expect(ask([{ ...a, forward: true }], bearer(good))?.changes).toEqual({ path: "/", removed: [], added: [] });
    const cookie = providerOf({ issuer: "a", jwks, headers: [], params: [], cookies: ["sid"] });
    expect(ask([cookie], { headers: { cookie: [`sid=${good}`] } })?.changes.removed).toEqual([]);
  });

  it.each([
    ["/p?a=1&access_token=T&b=2", "/p?a=1&b=2"],
    ["/p?access_token=T", "/p"],
    ["/p?b=2&access_token=T&a=%41&a=0&c", "/p?a=A&a=0&b=2&c="],
    ["/p?access_token=T&access_token=x&q=%20%0d%0aX:%20y%C3%A9", "/p?q=%20%0D%0AX:%20y%C3%A9"],
  ])("%s goes on as %s", (path, expected) => {
    expect(ask([a], { path: path.replace("T", good) })?.changes.path).toBe(expected);
  });
});
