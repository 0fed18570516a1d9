import { X509Certificate } from "node:crypto";
import type { CertificateFacts } from "../model/event.ts";
import { type DerValue, pemBlocks, readAll, readDer, tags } from "./der.ts";

/** Subject alternative names by kind, in the order of the certificate. */
export interface SubjectAltNames {
  readonly uris: readonly string[];
  readonly dns: readonly string[];
}

const noNames: SubjectAltNames = { uris: [], dns: [] };

/** OID 2.5.29.17 */
const subjectAltNameOid = Buffer.from("551d11", "hex");

/**
 * The names in the certificate, read from its DER: Node joins and quotes them into one string, and a name can be made to look
 * like two of them. Anything that is not well formed, or not ASCII, yields no names at all.
 */
export function subjectAltNames(certificate: X509Certificate): SubjectAltNames {
  const octets = extensionValue(certificate, subjectAltNameOid);
  if (octets === undefined) return noNames;
  const outer = readDer(octets);
  if (outer === undefined || outer.rest.length > 0 || outer.value.tag !== tags.sequence) return noNames;
  const names = readAll(outer.value.body);
  if (names === undefined) return noNames;
  const uris: string[] = [];
  const dns: string[] = [];
  for (const { tag, body } of names) {
    if (tag !== 0x86 && tag !== 0x82) continue;
    if (!body.every((byte) => byte > 0x20 && byte < 0x7f)) return noNames;
    (tag === 0x86 ? uris : dns).push(body.toString("latin1"));
  }
  return { uris, dns };
}

/** The value of the one extension with this OID (its content octets); undefined when absent, repeated or malformed. */
export function extensionValue(certificate: X509Certificate, oid: Buffer): Buffer | undefined {
  const found = extensionsOf(certificate.raw)?.filter((extension) => {
    const name = readDer(extension.body)?.value;
    return name?.tag === tags.oid && name.body.equals(oid);
  });
  const [only] = found ?? [];
  if (only === undefined || found?.length !== 1) return undefined;
  const octets = readAll(only.body)?.at(-1);
  return octets?.tag === tags.octetString ? octets.body : undefined;
}

/** The extensions of a certificate (RFC 5280 §4.1): in the `[3]` of its to-be-signed part. */
function extensionsOf(raw: Buffer): readonly DerValue[] | undefined {
  const certificate = readDer(raw)?.value;
  if (certificate?.tag !== tags.sequence) return undefined;
  const signed = readDer(certificate.body)?.value;
  if (signed?.tag !== tags.sequence) return undefined;
  const holder = readAll(signed.body)?.find((part) => part.tag === 0xa3);
  const list = holder === undefined ? undefined : readDer(holder.body)?.value;
  return list?.tag === tags.sequence ? readAll(list.body) : undefined;
}

/** The SPIFFE id of a certificate: its only URI name, when that begins with `spiffe://`. */
export function spiffeOf(names: SubjectAltNames): string | null {
  const [uri] = names.uris;
  return names.uris.length === 1 && uri?.startsWith("spiffe://") === true ? uri : null;
}

/** What events say about a certificate; `issuers`: those that were presented with it. */
export function certificateFacts(
  certificate: X509Certificate,
  issuers: readonly X509Certificate[] = [],
): CertificateFacts {
  const names = subjectAltNames(certificate);
  return {
    spiffe: spiffeOf(names),
    sans: [...names.uris, ...names.dns],
    serial: certificate.serialNumber.toLowerCase(),
    issuer: certificate.issuer.replaceAll("\n", ", "),
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    sha256: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
    chain: issuers.map((issuer) => ({
      subject: issuer.subject.replaceAll("\n", ", "),
      serial: issuer.serialNumber.toLowerCase(),
      notAfter: issuer.validToDate.toISOString(),
    })),
  };
}

/** Certificates in a PEM text, in order; undefined when one of them cannot be read. */
export function readCertificates(pem: string): readonly X509Certificate[] | undefined {
  try {
    return pemBlocks(pem, "CERTIFICATE").map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}
