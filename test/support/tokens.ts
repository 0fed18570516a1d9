import { constants, createHmac, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from "node:crypto";

/** A key that signs tokens, and how others see it. */
export interface SigningKey {
  readonly algorithm: string;
  readonly id: string | undefined;
  readonly sign: (data: Buffer) => Buffer;
  readonly jwk: JsonWebKey;
}

/** @param algorithm of the tokens, `RS256`…`EdDSA` */
export function signingKey(algorithm: string, id?: string): SigningKey {
  const hash = `sha${algorithm.slice(2)}`;
  const told = (jwk: JsonWebKey): JsonWebKey => (id === undefined ? jwk : { ...jwk, kid: id });
  const made = (publicKey: KeyObject, signer: (data: Buffer) => Buffer): SigningKey => ({
    algorithm,
    id,
    sign: signer,
    jwk: told(publicKey.export({ format: "jwk" })),
  });
  switch (algorithm.slice(0, 2)) {
    case "RS": {
      const { publicKey, privateKey } = rsa();
      return made(publicKey, (data) => sign(hash, data, privateKey));
    }
    case "PS": {
      const { publicKey, privateKey } = rsa();
      const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
      return made(publicKey, (data) => sign(hash, data, { key: privateKey, ...padding }));
    }
    case "ES": {
      const namedCurve = { ES256: "P-256", ES384: "P-384", ES512: "P-521" }[algorithm] ?? "P-256";
      const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
      return made(publicKey, (data) => sign(hash, data, { key: privateKey, dsaEncoding: "ieee-p1363" }));
    }
    case "HS": {
      const secret = Buffer.from("a secret that two sides share, long enough");
      const jwk = told({ kty: "oct", k: secret.toString("base64url") });
      return { algorithm, id, jwk, sign: (data) => createHmac(hash, secret).update(data).digest() };
    }
    default: {
      const { publicKey, privateKey } = generateKeyPairSync("ed25519");
      return made(publicKey, (data) => sign(null, data, privateKey));
    }
  }
}

function rsa(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

export function keySet(...keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
}

/** A token whose parts are given as they are; `header` replaces what the key says. */
export function signedToken(key: SigningKey, payload: unknown, header: Readonly<Record<string, unknown>> = {}): string {
  const head = { alg: key.algorithm, typ: "JWT", ...(key.id === undefined ? {} : { kid: key.id }), ...header };
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return signedText(key, JSON.stringify(head), text);
}

export function signedText(key: SigningKey, header: string, payload: string): string {
  const signed = [header, payload].map((part) => Buffer.from(part).toString("base64url")).join(".");
  return `${signed}.${key.sign(Buffer.from(signed)).toString("base64url")}`;
}
