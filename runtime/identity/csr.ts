import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { der, tags, toPem } from "./der.ts";

export interface KeyAndCsr {
  /** PKCS#8 PEM. */
  readonly key: string;
  /** PKCS#10 PEM. */
  readonly csr: string;
}

/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2 */
const ecdsaWithSha256 = Buffer.from("06082a8648ce3d040302", "hex");

/**
 * A new P-256 key and a request for a certificate. The request names nobody: whom it becomes is the CA's knowledge alone
 * (spec ID-16). Runs in the data plane, so it loads no library.
 */
export function createKeyAndCsr(): KeyAndCsr {
  const pair = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const version = der(tags.integer, Buffer.from([0]));
  const emptySubject = der(tags.sequence);
  const noAttributes = der(0xa0);
  const info = der(tags.sequence, version, emptySubject, pair.publicKey, noAttributes);
  const signature = sign("sha256", info, createPrivateKey(pair.privateKey));
  const csr = der(
    tags.sequence,
    info,
    der(tags.sequence, ecdsaWithSha256),
    der(tags.bitString, Buffer.from([0]), signature),
  );
  return { key: pair.privateKey, csr: toPem("CERTIFICATE REQUEST", csr) };
}
