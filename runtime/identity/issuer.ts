import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { devIssuer } from "../model/issuer.ts";

/** The key of the issuer for development: RSA 2048, PKCS #8, PEM. */
export function createIssuerKey(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** The public half as a JWK set. */
export function issuerKeySet(key: string): string {
  const { kty, n, e } = createPublicKey(createPrivateKey(key)).export({ format: "jwk" });
  return JSON.stringify({ keys: [{ kty, kid: keyIdOf(key), use: "sig", alg: "RS256", n, e }] });
}

/** Thumbprint of the public key (RFC 7638). */
function keyIdOf(key: string): string {
  const { kty, n, e } = createPublicKey(createPrivateKey(key)).export({ format: "jwk" });
  return createHash("sha256").update(JSON.stringify({ e, kty, n })).digest("base64url");
}

/** A signed token. `badSignature`: one bit of the signature is wrong. */
export function signToken(key: string, claims: Readonly<Record<string, unknown>>, badSignature = false): string {
  const header = { alg: "RS256", typ: "JWT", kid: keyIdOf(key) };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const signature = sign("sha256", Buffer.from(signed), createPrivateKey(key));
  if (badSignature) signature[0] = (signature[0] ?? 0) ^ 1;
  return `${signed}.${signature.toString("base64url")}`;
}

/** What the issuer answers at a path; undefined: nothing is there. */
export function issuerDocument(path: string, key: string): string | undefined {
  switch (path) {
    case devIssuer.keysPath:
    case "/.well-known/jwks.json":
      return issuerKeySet(key);
    case "/.well-known/openid-configuration":
      return JSON.stringify({
        issuer: devIssuer.url,
        jwks_uri: `${devIssuer.url}${devIssuer.keysPath}`,
        id_token_signing_alg_values_supported: ["RS256"],
      });
    default:
      return undefined;
  }
}
