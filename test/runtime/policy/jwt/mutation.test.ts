import { describe, expect, it } from "vitest";
import { bindAuthentication } from "../../../../runtime/policy/jwt/authenticate.ts";
import { decodeBase64Url } from "../../../../runtime/policy/jwt/base64url.ts";
import { readKeySet } from "../../../../runtime/policy/jwt/key-set.ts";
import { parseJwt } from "../../../../runtime/policy/jwt/parse.ts";
import { verifySignature } from "../../../../runtime/policy/jwt/verify.ts";
import { keySet, signedToken, signingKey } from "../../../support/tokens.ts";
import { factsOf } from "../facts.ts";
import { clockAt, providerOf } from "./providers.ts";

/** How many tokens are tried; `MUTATIONS=100000` for a long run. */
const rounds = Number(process.env["MUTATIONS"] ?? 3000);

const now = 1_700_000_000;
const keys = ["RS256", "PS256", "ES256", "HS256", "EdDSA"].map((algorithm) => signingKey(algorithm, algorithm));
const jwks = keySet(...keys);
const valid = keys.map((key) => signedToken(key, { iss: "a", sub: "alice", aud: ["x"], exp: now + 60, groups: ["g"] }));
/** The texts that are signed: header and payload, as they stand. */
const signedTexts = new Set(valid.map((token) => token.slice(0, token.lastIndexOf("."))));

/** The same numbers in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \t{"é\u0000';

function mutate(token: string, draw: (below: number) => number): string {
  let text = token;
  for (let change = draw(3); change >= 0; change -= 1) {
    const at = draw(text.length + 1);
    const other = valid[draw(valid.length)] ?? "";
    const letter = alphabet[draw(alphabet.length)] ?? "";
    const kinds: readonly (() => string)[] = [
      () => text.slice(0, at) + letter + text.slice(at + 1),
      () => text.slice(0, at) + letter + text.slice(at),
      () => text.slice(0, at) + text.slice(at + 1),
      () => text.slice(0, at),
      () => text.slice(at),
      () => text.slice(0, at) + text.slice(at, at + draw(8)) + text.slice(at),
      () => text.slice(0, at) + other.slice(at),
      () => spliced(text, other, draw(3)),
      () => rewritten(text, draw),
    ];
    text = kinds[draw(kinds.length)]?.() ?? text;
  }
  return text;
}

/** One part of another token in place of one's own. */
function spliced(token: string, other: string, part: number): string {
  const parts = token.split(".");
  parts[part] = other.split(".")[part] ?? "";
  return parts.join(".");
}

/** The header or payload with one byte of its JSON changed. */
function rewritten(token: string, draw: (below: number) => number): string {
  const parts = token.split(".");
  const part = draw(2);
  const bytes = Buffer.from(parts[part] ?? "", "base64url");
  if (bytes.length > 0) bytes[draw(bytes.length)] = draw(256);
  parts[part] = bytes.toString("base64url");
  return parts.join(".");
}

describe("mutated tokens", () => {
  // Tokens that the cache knows come between, so that every round meets it warm.
  const cached = bindAuthentication([providerOf({ issuer: "a", jwks })], clockAt(now));
  const ask = (authenticate: typeof cached, token: string): string | undefined => {
    const outcome = authenticate(factsOf({ headers: { authorization: [`Bearer ${token}`] } }));
    return outcome === undefined ? "no token" : outcome.fault;
  };

  /** Reads, judges and verifies without a cache, and without the code that has one. */
  function slow(token: string): string | undefined {
    const start = token.search(/[A-Za-z0-9\-_.]/);
    const jwt = parseJwt(start < 0 ? `Bearer ${token}` : token.slice(start));
    if (typeof jwt === "string") return jwt;
    if (jwt.claims.issuer !== "a") return "Jwt issuer is not configured";
    if (now + 60 < jwt.notBefore) return "Jwt not yet valid";
    if (jwt.claims.expires !== 0 && now > jwt.claims.expires + 60) return "Jwt is expired";
    return verifySignature(jwt, readKeySet(jwks));
  }

  it(`${rounds} of them: the cache changes no verdict, and nothing else than what was signed is accepted`, () => {
    const draw = randomNumbers(7);
    let accepted = 0;
    for (let round = 0; round < rounds; round += 1) {
      const original = valid[draw(valid.length)] ?? "";
      expect(ask(cached, original)).toBeUndefined();
      const token = mutate(original, draw);
      const first = ask(cached, token);
      expect([first, ask(cached, token)], token).toEqual([slow(token), first]);
      if (first !== undefined) continue;
      accepted += 1;
      const [header = "", payload = "", signature = ""] = token
        .slice(token.search(/[A-Za-z0-9\-_.]/))
        .split(".")
        .filter((part) => part !== "");
      expect(signedTexts, token).toContain(`${header}.${payload}`);
      const own = valid.find((each) => each.startsWith(`${header}.${payload}.`)) ?? "";
      expect(decodeBase64Url(signature), token).toEqual(decodeBase64Url(own.slice(own.lastIndexOf(".") + 1)));
    }
    process.stdout.write(`${rounds} mutated tokens, ${accepted} still what was signed\n`);
    expect(accepted).toBeGreaterThan(0);
  });
});
