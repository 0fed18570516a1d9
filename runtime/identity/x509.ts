import { createPublicKey, type KeyObject, webcrypto } from "node:crypto";
import type * as x509Library from "@peculiar/x509";

/** The only file that knows the X.509 library. It is loaded on first use: a data plane and offline commands never need it. */
async function library(): Promise<typeof x509Library> {
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}

/** Usage bits of RFC 5280 §4.2.1.3, by their place. */
export interface IssueRequest {
  /** Distinguished name as text; `""` for none. Ignored when `issuerCertificate` names the issuer. */
  readonly subject: string;
  /** PEM of the certificate that signs; undefined: self-signed. */
  readonly issuerCertificate: string | undefined;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  /** Lower-case hex. */
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly use:
    | { readonly kind: "ca"; readonly pathLength: number | undefined }
    | { readonly kind: "workload"; readonly uri: string };
}

/** Issues one certificate and returns it as PEM. */
export async function issueCertificate(request: IssueRequest): Promise<string> {
  const x509 = await library();
  const { use } = request;
  const issuer =
    request.issuerCertificate === undefined ? undefined : new x509.X509Certificate(request.issuerCertificate);
  const publicKey = await importPublic(request.publicKey);
  const signingKey = await importPrivate(request.signingKey);
  const usages = x509.KeyUsageFlags;
  // It must repeat what the issuer says of itself: CAs compute the identifier in different ways, and verifiers compare.
  const issuerKey = issuer?.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  const authority = issuerKey === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(issuerKey)];
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: request.serial,
      subject: request.subject,
      // The name object keeps the issuer's own encoding, which verifiers compare byte by byte.
      issuer: issuer?.subjectName ?? request.subject,
      notBefore: new Date(request.notBefore),
      notAfter: new Date(request.notAfter),
      publicKey,
      signingKey,
      signingAlgorithm: signatureOf(request.signingKey),
      extensions:
        use.kind === "ca"
          ? [
              new x509.BasicConstraintsExtension(true, use.pathLength, true),
              new x509.KeyUsagesExtension(usages.keyCertSign | usages.cRLSign, true),
              await x509.SubjectKeyIdentifierExtension.create(publicKey),
              ...authority,
            ]
          : [
              new x509.KeyUsagesExtension(usages.digitalSignature | usages.keyEncipherment, true),
              new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
              new x509.BasicConstraintsExtension(false, undefined, true),
              ...authority,
              new x509.SubjectAlternativeNameExtension([{ type: "url", value: use.uri }], true),
            ],
    },
    webcrypto,
  );
  return `${certificate.toString("pem")}\n`;
}

/** The public key of a request that is well formed and signed by that key; undefined otherwise. */
export async function readCsr(pem: string): Promise<KeyObject | undefined> {
  try {
    const x509 = await library();
    const request = new x509.Pkcs10CertificateRequest(pem);
    if (!(await request.verify(webcrypto))) return undefined;
    return createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

type Algorithm = { readonly name: string; readonly namedCurve?: string; readonly hash?: string };

function algorithmOf(key: KeyObject): Algorithm {
  if (key.asymmetricKeyType === "rsa") return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  return { name: "ECDSA", namedCurve: key.asymmetricKeyDetails?.namedCurve === "secp384r1" ? "P-384" : "P-256" };
}

function signatureOf(key: KeyObject): Algorithm {
  if (key.asymmetricKeyType === "rsa") return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  return { name: "ECDSA", hash: key.asymmetricKeyDetails?.namedCurve === "secp384r1" ? "SHA-384" : "SHA-256" };
}

async function importPublic(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const spki = key.export({ format: "der", type: "spki" });
  return await webcrypto.subtle.importKey("spki", spki, algorithmOf(key), true, ["verify"]);
}

async function importPrivate(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const pkcs8 = key.export({ format: "der", type: "pkcs8" });
  return await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithmOf(key), false, ["sign"]);
}
