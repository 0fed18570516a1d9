import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  type X509Certificate,
} from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { MeshError } from "../core/error.ts";
import { type Identity, spiffeId } from "../model/identity.ts";
import { extensionValue, readCertificates } from "./certificate.ts";
import { readDer, tags } from "./der.ts";
import { issueCertificate, readCsr } from "./x509.ts";

/** The files of a plug-in CA folder, by Istio's names (spec ID-25). */
export interface CaFiles {
  readonly "ca-cert.pem": string;
  readonly "ca-key.pem": string;
  readonly "cert-chain.pem": string;
  readonly "root-cert.pem": string;
}

const caFileNames = ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"] as const;

/** A CA that was checked and can sign. */
export interface Ca {
  readonly files: CaFiles;
  /** What proxies trust, PEM; may hold several roots. */
  readonly roots: string;
  /** What a leaf is served with, PEM: the signing certificate and those above it, without roots; empty when a root signs. */
  readonly intermediates: string;
  /** The signing certificate. */
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

export interface IssuedSvid {
  /** Leaf, then intermediates, PEM. */
  readonly chain: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const minute = 60_000;
const day = 24 * 60 * minute;

/** Lifetimes and limits of Istio's CA (spec ID-18, ID-20, ID-24). */
export const defaultTtlMs = day;
export const maxTtlMs = 90 * day;
const clockSkewMs = 2 * minute;
const rootTtlMs = 3650 * day;
const intermediateTtlMs = 1825 * day;

/** Makes a root and an intermediate, ECDSA P-256, as a plug-in CA would look; keep `files` to load the same CA again. */
export async function createCa(trustDomain: string, clock: Clock): Promise<Ca> {
  const now = clock.now();
  const root = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signing = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const organization = nameValue(trustDomain);
  const rootPem = await issueCertificate({
    subject: `O=${organization}, CN=meshdev root CA`,
    issuerCertificate: undefined,
    publicKey: root.publicKey,
    signingKey: root.privateKey,
    serial: newSerial(),
    notBefore: now - clockSkewMs,
    notAfter: now + rootTtlMs,
    use: { kind: "ca", pathLength: undefined },
  });
  const signingPem = await issueCertificate({
    subject: `O=${organization}, CN=meshdev intermediate CA`,
    issuerCertificate: rootPem,
    publicKey: signing.publicKey,
    signingKey: root.privateKey,
    serial: newSerial(),
    notBefore: now - clockSkewMs,
    notAfter: now + intermediateTtlMs,
    use: { kind: "ca", pathLength: 0 },
  });
  const files: CaFiles = {
    "ca-cert.pem": signingPem,
    "ca-key.pem": signing.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    "cert-chain.pem": signingPem,
    "root-cert.pem": rootPem,
  };
  return loadCa(files, clock);
}

/** Checks the files of a CA and makes it ready to sign (spec ID-25, ID-26). Throws a `MeshError` MD3xxx. */
export function loadCa(files: Partial<CaFiles>, clock: Clock): Ca {
  const complete = requireFiles(files);
  const [certificate] = requireCertificates(complete, "ca-cert.pem");
  const above = requireCertificates(complete, "cert-chain.pem");
  const roots = requireCertificates(complete, "root-cert.pem");
  if (certificate === undefined) throw new MeshError("MD3001", "ca-cert.pem holds no certificate");
  const key = requireKey(complete["ca-key.pem"]);

  if (!certificate.ca || !maySign(certificate)) {
    throw new MeshError("MD3003", "ca-cert.pem: certificate is not authorized to sign other certificates");
  }
  if (!createPublicKey(key).equals(certificate.publicKey)) {
    throw new MeshError("MD3004", "ca-key.pem does not hold the key of ca-cert.pem");
  }
  const path = pathToRoot(certificate, above, roots);
  if (path === undefined) throw new MeshError("MD3005", "ca-cert.pem does not chain to root-cert.pem");
  for (const link of [certificate, ...path]) requireValid(link, clock.now());
  const isRoot = (link: X509Certificate): boolean => roots.some((root) => root.fingerprint256 === link.fingerprint256);
  return {
    files: complete,
    roots: roots.map((root) => root.toString()).join(""),
    intermediates: [certificate, ...path]
      .filter((link) => !isRoot(link))
      .map((link) => link.toString())
      .join(""),
    certificate,
    key,
  };
}

/**
 * Issues a workload certificate. Of the request only the key counts: whom it is for was established elsewhere (spec ID-16).
 * Throws MD3006, MD3007 or MD3008.
 */
export async function signCsr(
  ca: Ca,
  csrPem: string,
  identity: Identity,
  ttlMs: number,
  clock: Clock,
): Promise<IssuedSvid> {
  if (!(ttlMs <= maxTtlMs) || ttlMs <= 0) {
    throw new MeshError("MD3008", `requested TTL ${ttlMs} ms is greater than the max allowed TTL ${maxTtlMs} ms`);
  }
  const now = clock.now();
  requireValid(ca.certificate, now);
  const publicKey = await readCsr(csrPem);
  if (publicKey === undefined || !isStrong(publicKey))
    throw new MeshError("MD3007", "the certificate request cannot be accepted");
  // Certificates count in seconds.
  const notBefore = Math.floor((now - clockSkewMs) / 1000) * 1000;
  const notAfter = Math.min(Math.floor((now + ttlMs) / 1000) * 1000, ca.certificate.validToDate.getTime());
  const leaf = await issueCertificate({
    subject: "",
    issuerCertificate: ca.certificate.toString(),
    publicKey,
    signingKey: ca.key,
    serial: newSerial(),
    notBefore,
    notAfter,
    use: { kind: "workload", uri: requireUri(spiffeId(identity)) },
  });
  return { chain: leaf + ca.intermediates, notBefore, notAfter };
}

function requireFiles(files: Partial<CaFiles>): CaFiles {
  const missing = caFileNames.filter((name) => files[name] === undefined);
  if (missing.length > 0) {
    throw new MeshError("MD3002", `incomplete signing CA bundle detected: ${missing.join(", ")} missing`);
  }
  return {
    "ca-cert.pem": files["ca-cert.pem"] ?? "",
    "ca-key.pem": files["ca-key.pem"] ?? "",
    "cert-chain.pem": files["cert-chain.pem"] ?? "",
    "root-cert.pem": files["root-cert.pem"] ?? "",
  };
}

function requireCertificates(files: CaFiles, name: keyof CaFiles): readonly X509Certificate[] {
  const found = readCertificates(files[name]);
  if (found === undefined || found.length === 0) throw new MeshError("MD3001", `${name} holds no readable certificate`);
  return found;
}

function requireKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ec" || key.asymmetricKeyType === "rsa") return key;
  } catch (error) {
    throw new MeshError("MD3001", "ca-key.pem holds no readable private key", { cause: error });
  }
  throw new MeshError("MD3001", "ca-key.pem is neither an RSA nor an elliptic curve key");
}

function requireValid(certificate: X509Certificate, now: number): void {
  if (now > certificate.validToDate.getTime()) {
    throw new MeshError("MD3006", `signing certificate has expired at ${certificate.validToDate.toISOString()}`);
  }
  if (now < certificate.validFromDate.getTime()) {
    throw new MeshError("MD3006", `signing certificate is not valid before ${certificate.validFromDate.toISOString()}`);
  }
}

/** The links above `certificate` up to a root, that root left out; empty when a root signs itself or directly. */
function pathToRoot(
  certificate: X509Certificate,
  above: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): readonly X509Certificate[] | undefined {
  const path: X509Certificate[] = [];
  let current = certificate;
  for (let depth = 0; depth < 8; depth += 1) {
    const here = current;
    if (roots.some((root) => root.fingerprint256 === here.fingerprint256 || issued(root, here))) return path;
    const issuer = above.find(
      (candidate) => candidate.fingerprint256 !== here.fingerprint256 && issued(candidate, here),
    );
    if (issuer === undefined) return undefined;
    path.push(issuer);
    current = issuer;
  }
  return undefined;
}

function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  try {
    return issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

/** OID 2.5.29.15 */
const keyUsageOid = Buffer.from("551d0f", "hex");

/** A key usage without bit 5, keyCertSign, forbids signing; a certificate without the extension may (RFC 5280 §4.2.1.3). */
function maySign(certificate: X509Certificate): boolean {
  const usage = extensionValue(certificate, keyUsageOid);
  if (usage === undefined) return true;
  const bits = readDer(usage)?.value;
  return bits?.tag === tags.bitString && ((bits.body[1] ?? 0) & 0x04) !== 0;
}

function isStrong(key: KeyObject): boolean {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === "rsa") return (details?.modulusLength ?? 0) >= 2048;
  return (
    key.asymmetricKeyType === "ec" && (details?.namedCurve === "prime256v1" || details?.namedCurve === "secp384r1")
  );
}

/** Names go into a certificate that others parse: only what a URI may hold. */
function requireUri(uri: string): string {
  for (let i = 0; i < uri.length; i += 1) {
    const code = uri.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) throw new MeshError("MD3007", `${uri} cannot stand in a certificate`);
  }
  return uri;
}

/** A value of a distinguished name; what could be read as syntax becomes a dash. */
function nameValue(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9.-]/g, "-");
}

/** 128 random bits; a leading zero byte keeps the number positive. */
function newSerial(): string {
  return `00${randomBytes(16).toString("hex")}`;
}
