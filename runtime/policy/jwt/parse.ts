import type { JsonObject, JsonValue, TokenClaims } from "../../model/jwt.ts";
import { decodeBase64Url } from "./base64url.ts";
import { fault, notInteger, notString, outOfRange } from "./fault.ts";
import { isJsonList, parseJsonObject } from "./json.ts";

/** A token that can be read; nothing of it is verified. */
export interface ParsedJwt {
  readonly algorithm: string;
  /** Empty: none is named. */
  readonly keyId: string;
  readonly claims: TokenClaims;
  /** Seconds since the epoch; 0: from ever. */
  readonly notBefore: number;
  readonly payload: JsonObject;
  /** The payload as it stands in the token. */
  readonly payloadText: string;
  /** What the signature is about. */
  readonly signed: string;
  readonly signature: Buffer;
}

const algorithms = new Set("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 HS256 HS384 HS512 EdDSA".split(" "));

/** Reads a token in the order in which Envoy finds faults, and gives the first one as text (spec RA-14, RA-19). */
export function parseJwt(token: string): ParsedJwt | string {
  // Empty parts don't count: `a..b.c` has three (errata security 16).
  const parts = token.split(".").filter((part) => part !== "");
  const [headerText = "", payloadText = "", signatureText = ""] = parts;
  if (parts.length !== 3) return fault.form;

  const headerBytes = decodeBase64Url(headerText);
  if (headerBytes === undefined) return fault.headerBase64;
  const header = parseJsonObject(headerBytes);
  if (header === undefined) return fault.headerJson;
  const { alg, kid = "" } = header;
  if (typeof alg !== "string") return fault.algorithm;
  if (!algorithms.has(alg)) return fault.unknownAlgorithm;
  if (typeof kid !== "string") return fault.keyId;

  const payloadBytes = decodeBase64Url(payloadText);
  if (payloadBytes === undefined) return fault.payloadBase64;
  const payload = parseJsonObject(payloadBytes);
  if (payload === undefined) return fault.payloadJson;
  const { iss = "", sub = "", jti = "" } = payload;
  if (typeof iss !== "string") return notString("iss");
  if (typeof sub !== "string") return notString("sub");
  const issuedAt = secondsOf(payload, "iat");
  if (typeof issuedAt === "string") return issuedAt;
  const notBefore = secondsOf(payload, "nbf");
  if (typeof notBefore === "string") return notBefore;
  const expires = secondsOf(payload, "exp");
  if (typeof expires === "string") return expires;
  if (typeof jti !== "string") return notString("jti");
  const audiences = textsOf(payload["aud"]);
  if (audiences === undefined) return fault.audienceType;

  const signature = decodeBase64Url(signatureText);
  if (signature === undefined) return fault.signatureBase64;
  return {
    algorithm: alg,
    keyId: kid,
    claims: { issuer: iss, subject: sub, audiences, expires },
    notBefore,
    payload,
    payloadText,
    signed: `${headerText}.${payloadText}`,
    signature,
  };
}

const beyond64Bits = 2 ** 64;

/** Whole seconds, 0 when the claim is absent, or what is wrong with it. */
function secondsOf(payload: JsonObject, claim: string): number | string {
  const value = payload[claim];
  if (value === undefined) return 0;
  if (typeof value !== "number") return notInteger(claim);
  return value < 0 || value >= beyond64Bits ? outOfRange(claim) : Math.trunc(value);
}

function textsOf(value: JsonValue | undefined): readonly string[] | undefined {
  if (value === undefined) return [];
  if (typeof value === "string") return [value];
  if (!isJsonList(value)) return undefined;
  const texts = value.filter((each) => typeof each === "string");
  return texts.length === value.length ? texts : undefined;
}
