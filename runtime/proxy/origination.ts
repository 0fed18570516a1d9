import { createHash } from "node:crypto";
import type { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import type { SecureContext } from "node:tls";
import { subjectAltNames } from "../identity/certificate.ts";
import type { PeerVerdict } from "../identity/verify.ts";
import type { TlsMaterial } from "../model/credential.ts";
import type { ClusterTls } from "../model/snapshot.ts";

export type OriginationTls = Extract<ClusterTls, { readonly mode: "simple" | "mutual" }>;

export interface OriginationContext {
  readonly context: SecureContext;
  /** Differs when a file's content does: part of what sessions are kept by. */
  readonly id: string;
}

/** Contexts that are kept, by what their files held: files are read for every connection, so that a new certificate counts at once. */
const contexts = new Map<string, OriginationContext>();
const maxContexts = 256;

/** TLS that a DestinationRule starts by itself: SIMPLE and MUTUAL with the files it names (spec CT-9, CT-10). Throws when a file cannot be read. */
export function originationContext(tls: OriginationTls): OriginationContext {
  const files = tls.secret ?? readFiles(tls);
  const id = createHash("sha256").update(JSON.stringify(files)).digest("base64");
  const known = contexts.get(id);
  if (known !== undefined) return known;
  const made = { id, context: createSecureContext({ minVersion: "TLSv1.2", maxVersion: "TLSv1.3", ...files }) };
  const [oldest] = contexts.keys();
  if (contexts.size >= maxContexts && oldest !== undefined) contexts.delete(oldest);
  contexts.set(id, made);
  return made;
}

function readFiles({ caFile, certFile, keyFile, crlFile }: OriginationTls): TlsMaterial {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") }),
    ...(certFile === undefined || keyFile === undefined
      ? {}
      : { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") }),
    ...(crlFile === undefined ? {} : { crl: readFileSync(crlFile, "utf8") }),
  };
}

/** Exact names when the rule lists some; else the host, when the SNI is the request's Host; else only the chain (spec CT-9, CT-12). */
export function verifyOriginated(
  tls: OriginationTls,
  sni: string,
  now: number,
  leaf: X509Certificate | undefined,
  openssl: true | string,
): PeerVerdict {
  if (leaf === undefined) return refused("the server presented no certificate", "no certificate");
  const names = subjectAltNames(leaf);
  if (tls.skipVerify) return { ok: true, names };
  if (openssl !== true)
    return refused(`the server's certificate was refused (${openssl.toLowerCase().replaceAll("_", " ")})`, openssl);
  if (now < leaf.validFromDate.getTime() || now > leaf.validToDate.getTime())
    return refused("the server's certificate is not valid now", "expired");
  const listed = [...names.uris, ...names.dns];
  if (tls.subjectAltNames.length > 0) {
    if (listed.some((name) => tls.subjectAltNames.includes(name))) return { ok: true, names };
    return refused(
      `the server is not who the DestinationRule names: certificate SANs are [${listed.join(", ")}]`,
      "SAN matcher",
    );
  }
  if (tls.sni === undefined && sni !== "" && !isFor(leaf, sni)) {
    return refused(
      `the server's certificate is not for ${sni}: certificate SANs are [${listed.join(", ")}]`,
      "SAN matcher",
    );
  }
  return { ok: true, names };
}

/** Node throws at names that are not even possible. */
function isFor(leaf: X509Certificate, host: string): boolean {
  try {
    return (isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)) !== undefined;
  } catch {
    return false;
  }
}

function refused(reason: string, cause: string): PeerVerdict {
  return {
    ok: false,
    step: "verify",
    alert: "certificate_unknown",
    reason,
    transport: `TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: ${cause}:TLS_error_end`,
  };
}
