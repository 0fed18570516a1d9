import { constants, createHmac, timingSafeEqual, verify } from "node:crypto";
import { assertNever } from "../../core/assert-never.ts";
import { fault } from "./fault.ts";
import type { VerificationKey } from "./key-set.ts";
import type { ParsedJwt } from "./parse.ts";

/**
 * Whether any key of the set made the signature: undefined, or why not. Keys that name another id or algorithm are not tried; the type
 * of a key, not the token's `alg`, says how it verifies, and `alg` chooses the hash (errata security 17).
 */
export function verifySignature(jwt: ParsedJwt, keys: readonly VerificationKey[]): string | undefined {
  let tried = false;
  for (const key of keys) {
    if (jwt.keyId !== "" && key.id !== "" && key.id !== jwt.keyId) continue;
    if (key.algorithm !== "" && key.algorithm !== jwt.algorithm) continue;
    tried = true;
    // Envoy looks no further then.
    if (key.type === "OKP" && jwt.signature.length !== ed25519Bytes) return fault.ed25519Length;
    if (isSignedBy(jwt, key)) return undefined;
  }
  return tried ? fault.signature : fault.noKey;
}

const ed25519Bytes = 64;

function isSignedBy(jwt: ParsedJwt, key: VerificationKey): boolean {
  const { algorithm, signature } = jwt;
  const data = Buffer.from(jwt.signed, "latin1");
  try {
    switch (key.type) {
      case "RSA":
        if (algorithm.startsWith("RS"))
          return verify(
            hashOf(algorithm, "RP"),
            data,
            { key: key.key, padding: constants.RSA_PKCS1_PADDING },
            signature,
          );
        return (
          algorithm.startsWith("PS") &&
          verify(
            hashOf(algorithm, "RP"),
            data,
            {
              key: key.key,
              padding: constants.RSA_PKCS1_PSS_PADDING,
              saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
            },
            signature,
          )
        );
      case "EC":
        return (
          signature.length === 2 * key.half &&
          verify(hashOf(algorithm, "E"), data, { key: key.key, dsaEncoding: "ieee-p1363" }, signature)
        );
      case "OKP":
        return verify(null, data, key.key, signature);
      case "oct": {
        const own = createHmac(hashOf(algorithm, "H"), key.key).update(data).digest();
        return own.length === signature.length && timingSafeEqual(own, signature);
      }
      default:
        return assertNever(key.type);
    }
  } catch {
    // What OpenSSL can't even try is not signed.
    return false;
  }
}

/** SHA-256 unless an algorithm of the key's own family names another. */
function hashOf(algorithm: string, families: string): "sha256" | "sha384" | "sha512" {
  if (!families.includes(algorithm.charAt(0))) return "sha256";
  if (algorithm.endsWith("384")) return "sha384";
  return algorithm.endsWith("512") ? "sha512" : "sha256";
}
