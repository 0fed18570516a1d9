import { constants, createSign, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { CaseToken } from "./case.ts";

/** Keys and tokens of the runner's own, in place of those that the recordings were made with (conformance README). */

const keyNames = ["main", "other", "rogue"] as const;

type KeyName = (typeof keyNames)[number];

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const pairs = new Map<KeyName, KeyPair>();

function pairOf(name: KeyName): KeyPair {
  const known = pairs.get(name);
  if (known !== undefined) return known;
  const made = generateKeyPairSync("rsa", { modulusLength: 2048 });
  pairs.set(name, made);
  return made;
}

export function keySetOf(...names: readonly KeyName[]): string {
  const keys = names.map((name) => ({ ...pairOf(name).publicKey.export({ format: "jwk" }), kid: name, use: "sig" }));
  return JSON.stringify({ keys });
}

/** Where the runner's own key set is served. */
const keySetUrl = "http://keys.case.invalid/jwks";

/** What fetching the keys of a case gives. */
export function caseKeySets(): ReadonlyMap<string, string> {
  return new Map([[keySetUrl, keySetOf("main")]]);
}

/** A case's documents with the runner's keys. */
export function withKeys(config: string): string {
  if (!config.includes("{{JWKS")) return config;
  return config
    .replaceAll("{{JWKS}}", keySetOf("main"))
    .replaceAll("{{JWKS_OTHER}}", keySetOf("other"))
    .replaceAll("{{JWKS_BOTH}}", keySetOf("main", "other"))
    .replaceAll("{{JWKS_URI}}", keySetUrl);
}

/** @param now seconds since the epoch */
export function mint(token: CaseToken, now: number): string {
  if (token.raw !== undefined) return token.raw;
  const name = keyNames.find((each) => each === token.key) ?? "main";
  const alg = token.alg ?? "RS256";
  const header = { alg, typ: "JWT", kid: token.kid ?? name };
  const payload = {
    ...(token.iss === undefined ? {} : { iss: token.iss }),
    ...(token.sub === undefined ? {} : { sub: token.sub }),
    ...(token.aud === undefined ? {} : { aud: token.aud }),
    iat: now,
    ...(token.exp === null ? {} : { exp: now + (token.exp ?? 3600) }),
    ...(token.nbf === undefined ? {} : { nbf: now + token.nbf }),
    ...token.claims,
  };
  const signed = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const signature = signatureOf(signed, alg, pairOf(name).privateKey);
  if (token.badSignature === true) signature[0] = (signature[0] ?? 0) ^ 1;
  return `${signed}.${signature.toString("base64url")}`;
}

function signatureOf(signed: string, alg: string, key: KeyObject): Buffer {
  const hash = `sha${alg.slice(2)}`;
  if (!alg.startsWith("PS")) return createSign(hash).update(signed).sign(key);
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return sign(hash, Buffer.from(signed), { key, ...padding });
}
