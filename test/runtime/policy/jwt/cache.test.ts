import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { JwtProvider } from "../../../../runtime/model/jwt.ts";
import { bindAuthentication } from "../../../../runtime/policy/jwt/authenticate.ts";
import { createTokenCache } from "../../../../runtime/policy/jwt/token-cache.ts";
import { parseJwt } from "../../../../runtime/policy/jwt/parse.ts";
import { keySet, signedToken, signingKey } from "../../../support/tokens.ts";
import { factsOf } from "../facts.ts";
import { clockAt, providerOf } from "./providers.ts";

// Node's own function, so that what is counted is what costs.
const verify = vi.spyOn(crypto, "verify");
beforeAll(syncBuiltinESMExports);
afterAll(() => {
  verify.mockRestore();
  syncBuiltinESMExports();
});

const key = signingKey("ES256", "k");
const now = 1_700_000_000;
const clock = clockAt(now);

function asking(...providers: readonly JwtProvider[]): (token: string, header?: string) => string {
  const authenticate = bindAuthentication(providers, clock);
  return (token, header = "authorization") =>
    authenticate(factsOf({ headers: { [header]: [`Bearer ${token}`] } }))?.fault ?? "ok";
}

describe("a verified token", () => {
  it("is verified once, and judged by the clock every time", () => {
    const ask = asking(providerOf({ issuer: "a", jwks: keySet(key) }));
    const token = signedToken(key, { iss: "a", exp: now + 10, nbf: now - 10 });
    verify.mockClear();
    expect([ask(token), ask(token), ask(token)]).toEqual(["ok", "ok", "ok"]);
    expect(verify).toHaveBeenCalledTimes(1);
    clock.set(now + 71);
    expect(ask(token)).toBe("Jwt is expired");
    // A clock that goes back: what expired once was forgotten, and is verified anew.
    clock.set(now);
    expect(ask(token)).toBe("ok");
    expect(verify).toHaveBeenCalledTimes(2);
    clock.set(now - 71);
    expect(ask(token)).toBe("Jwt not yet valid");
    clock.set(now);
  });

  it("of one rule says nothing to another with other keys", () => {
    const other = signingKey("ES256", "k");
    const first = providerOf({
      issuer: "a",
      jwks: keySet(key),
      headers: [{ name: "x-a", prefix: "Bearer " }],
      params: [],
    });
    const second = providerOf({
      issuer: "a",
      jwks: keySet(other),
      headers: [{ name: "x-b", prefix: "Bearer " }],
      params: [],
    });
    const ask = asking(first, second);
    const token = signedToken(key, { iss: "a" });
    expect(ask(token, "x-a")).toBe("ok");
    expect(ask(token, "x-b")).toBe("Jwt verification fails");
  });

  it("of one issuer or audience is not taken by a rule for another with the same keys", () => {
    const jwks = keySet(key);
    const place = (name: string): Pick<JwtProvider, "headers" | "params"> => ({
      headers: [{ name, prefix: "Bearer " }],
      params: [],
    });
    const ask = asking(
      providerOf({ issuer: "a", jwks, ...place("x-a") }),
      providerOf({ issuer: "b", jwks, ...place("x-b") }),
      providerOf({ issuer: "a", jwks, audiences: ["c"], ...place("x-c") }),
    );
    const token = signedToken(key, { iss: "a" });
    expect([ask(token, "x-a"), ask(token, "x-b"), ask(token, "x-c")]).toEqual([
      "ok",
      "Jwt issuer is not configured",
      "Audiences in Jwt are not allowed",
    ]);
  });

  it("is not remembered under new keys", () => {
    const token = signedToken(key, { iss: "a" });
    expect(asking(providerOf({ issuer: "a", jwks: keySet(key) }))(token)).toBe("ok");
    const rotated = asking(providerOf({ issuer: "a", jwks: keySet(signingKey("ES256", "k2")) }));
    expect(rotated(token)).toBe("Jwks doesn't have key to match kid or alg from Jwt");
  });

  it("that fails is tried again", () => {
    const ask = asking(providerOf({ issuer: "a", jwks: keySet(key) }));
    const token = `${signedToken(key, { iss: "a" }).slice(0, -4)}AAAA`;
    verify.mockClear();
    expect([ask(token), ask(token)]).toEqual(["Jwt verification fails", "Jwt verification fails"]);
    expect(verify).toHaveBeenCalledTimes(2);
  });
});

describe("createTokenCache", () => {
  const jwt = parseJwt(signedToken(key, {}));
  if (typeof jwt === "string") throw new Error(jwt);

  it("keeps the tokens that were used last", () => {
    const cache = createTokenCache();
    for (let i = 0; i < 512; i += 1) cache.put(`t${i}`, jwt);
    cache.get("t0");
    cache.put("new", jwt);
    expect([cache.get("t0"), cache.get("t1"), cache.get("new")]).toEqual([jwt, undefined, jwt]);
  });

  it("keeps no giants", () => {
    const cache = createTokenCache();
    cache.put("x".repeat(4097), jwt);
    expect(cache.get("x".repeat(4097))).toBeUndefined();
  });
});
