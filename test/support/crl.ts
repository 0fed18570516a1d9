import { webcrypto, X509Certificate } from "node:crypto";
import type * as x509Library from "@peculiar/x509";
import { systemClock } from "../../runtime/core/clock.ts";
import type { Ca } from "../../runtime/identity/ca.ts";

/** A list of revoked certificates, PEM: those at the head of each chain, or none. */
export async function createCrl(ca: Ca, ...revoked: readonly string[]): Promise<string> {
  await import("reflect-metadata");
  const x509: typeof x509Library = await import("@peculiar/x509");
  const now = systemClock.now();
  const issuer = new x509.X509Certificate(ca.certificate.toString());
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = ca.key.export({ format: "der", type: "pkcs8" });
  const list = await x509.X509CrlGenerator.create(
    {
      issuer: issuer.subjectName,
      thisUpdate: new Date(now - 60_000),
      nextUpdate: new Date(now + 3_600_000),
      entries: revoked.map((chain) => ({
        serialNumber: new X509Certificate(chain).serialNumber.toLowerCase(),
        revocationDate: new Date(now - 60_000),
        reason: x509.X509CrlReason.keyCompromise,
      })),
      signingAlgorithm: algorithm,
      signingKey: await webcrypto.subtle.importKey("pkcs8", key, algorithm, false, ["sign"]),
    },
    webcrypto,
  );
  // The library's own label is not the one that OpenSSL looks for.
  const text = Buffer.from(list.rawData).toString("base64").replaceAll(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN X509 CRL-----\n${text}\n-----END X509 CRL-----\n`;
}
