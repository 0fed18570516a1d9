import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from "node:crypto";
import type { JsonObject } from "../../model/jwt.ts";
import { decodeBase64Url } from "./base64url.ts";
import { isJsonList, isJsonObject, parseJsonObject } from "./json.ts";

export interface VerificationKey {
  readonly type: "RSA" | "EC" | "OKP" | "oct";
  /** Empty: fits every token. */
  readonly id: string;
  /** Empty: fits every algorithm. */
  readonly algorithm: string;
  readonly key: KeyObject;
  /** Bytes of one half of an EC signature. */
  readonly half: number;
}

/** The keys of a JWK set that Envoy can use, in its order; others are passed over. `use` means nothing (errata security 17). */
export function readKeySet(text: string): readonly VerificationKey[] {
  const list = parseJsonObject(Buffer.from(text, "utf8"))?.["keys"];
  if (!isJsonList(list)) return [];
  return list.flatMap((jwk) => (isJsonObject(jwk) ? (readKey(jwk) ?? []) : []));
}

function readKey(jwk: JsonObject): VerificationKey | undefined {
  const id = textAt(jwk, "kid") ?? "";
  const algorithm = textAt(jwk, "alg") ?? "";
  const made = makeKey(jwk, algorithm);
  return made === undefined ? undefined : { id, algorithm, half: 0, ...made };
}

type MadeKey = Pick<VerificationKey, "type" | "key"> & { readonly half?: number };

function makeKey(jwk: JsonObject, algorithm: string): MadeKey | undefined {
  switch (jwk["kty"]) {
    case "RSA":
      return algorithm === "" || /^[RP]S/.test(algorithm) ? rsaKey(jwk) : undefined;
    case "EC":
      return ecKey(jwk, algorithm);
    case "OKP":
      return algorithm === "" || algorithm === "EdDSA" ? ed25519Key(jwk) : undefined;
    case "oct":
      return algorithm === "" || /^HS(?:256|384|512)$/.test(algorithm) ? secretKey(jwk) : undefined;
    default:
      return undefined;
  }
}

function rsaKey(jwk: JsonObject): MadeKey | undefined {
  const modulus = numberAt(jwk, "n");
  const exponent = numberAt(jwk, "e");
  // Envoy takes no other exponents than 3 and 65537.
  if (modulus === undefined || exponent === undefined || !["03", "010001"].includes(exponent.toString("hex")))
    return undefined;
  const odd = ((modulus.at(-1) ?? 0) & 1) === 1;
  if (!odd || modulus.length > mostRsaBytes) return undefined;
  return imported("RSA", { kty: "RSA", n: modulus.toString("base64url"), e: exponent.toString("base64url") });
}

/** 16384 bits, BoringSSL's limit. */
const mostRsaBytes = 2048;

const curves: Readonly<Record<string, { readonly algorithm: string; readonly size: number }>> = {
  "P-256": { algorithm: "ES256", size: 32 },
  "P-384": { algorithm: "ES384", size: 48 },
  "P-521": { algorithm: "ES512", size: 66 },
};

/** The curve is the one that `crv` or `alg` names, P-256 when neither does; they must not contradict each other. */
function ecKey(jwk: JsonObject, algorithm: string): MadeKey | undefined {
  const named = jwk["crv"] ?? "";
  if (typeof named !== "string") return undefined;
  const byAlgorithm = Object.entries(curves).find(([, curve]) => curve.algorithm === algorithm)?.[0];
  if (algorithm !== "" && byAlgorithm === undefined) return undefined;
  const crv = named === "" ? (byAlgorithm ?? "P-256") : named;
  const curve = Object.hasOwn(curves, crv) ? curves[crv] : undefined;
  if (curve === undefined || (byAlgorithm !== undefined && byAlgorithm !== crv)) return undefined;
  const x = paddedAt(jwk, "x", curve.size);
  const y = paddedAt(jwk, "y", curve.size);
  if (x === undefined || y === undefined) return undefined;
  const key = imported("EC", { kty: "EC", crv, x, y });
  return key === undefined ? undefined : { ...key, half: curve.size };
}

function ed25519Key(jwk: JsonObject): MadeKey | undefined {
  const x = bytesAt(jwk, "x");
  if (jwk["crv"] !== "Ed25519" || x?.length !== 32) return undefined;
  return imported("OKP", { kty: "OKP", crv: "Ed25519", x: x.toString("base64url") });
}

function secretKey(jwk: JsonObject): MadeKey | undefined {
  const secret = bytesAt(jwk, "k");
  return secret === undefined || secret.length === 0 ? undefined : { type: "oct", key: createSecretKey(secret) };
}

function imported(type: VerificationKey["type"], jwk: JsonWebKey): MadeKey | undefined {
  try {
    return { type, key: createPublicKey({ key: jwk, format: "jwk" }) };
  } catch {
    // A point that is not on its curve, and the like.
    return undefined;
  }
}

function textAt(jwk: JsonObject, name: string): string | undefined {
  const value = jwk[name];
  return typeof value === "string" ? value : undefined;
}

function bytesAt(jwk: JsonObject, name: string): Buffer | undefined {
  const text = textAt(jwk, name);
  return text === undefined ? undefined : decodeBase64Url(text);
}

/** An unsigned number without leading zeros. */
function numberAt(jwk: JsonObject, name: string): Buffer | undefined {
  const bytes = bytesAt(jwk, name);
  const first = bytes?.findIndex((byte) => byte !== 0) ?? -1;
  return first < 0 ? undefined : bytes?.subarray(first);
}

/** An unsigned number of exactly `size` bytes. */
function paddedAt(jwk: JsonObject, name: string, size: number): string | undefined {
  const number = numberAt(jwk, name);
  if (number === undefined || number.length > size) return undefined;
  return Buffer.concat([Buffer.alloc(size - number.length), number]).toString("base64url");
}
