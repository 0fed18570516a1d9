import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../runtime/core/clock.ts";
import { createCa, defaultTtlMs, signCsr } from "../../../runtime/identity/ca.ts";
import { createKeyAndCsr } from "../../../runtime/identity/csr.ts";

/** Files of one identity, as a sidecar has them: ECDSA P-256, a SPIFFE URI as the only name, an intermediate between leaf and root. */
export interface CertificateFiles {
  readonly spiffe: string;
  /** Leaf first, PEM. */
  readonly chain: string;
  readonly key: string;
  /** Chain and key in one file. */
  readonly both: string;
}

export interface Certificates {
  readonly roots: string;
  readonly frontend: CertificateFiles;
  readonly backend: CertificateFiles;
}

const trustDomain = "cluster.local";
const namespace = "default";

/** The certificates that every chain but meshdev's own uses, made by the same CA code. */
export async function writeCertificates(folder: string): Promise<Certificates> {
  const ca = await createCa(trustDomain, systemClock);
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const issue = async (serviceAccount: string): Promise<CertificateFiles> => {
    const { key, csr } = createKeyAndCsr();
    const { chain } = await signCsr(ca, csr, { trustDomain, namespace, serviceAccount }, defaultTtlMs, systemClock);
    return {
      spiffe: `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`,
      chain: write(`${serviceAccount}.crt`, chain),
      key: write(`${serviceAccount}.key`, key),
      both: write(`${serviceAccount}.pem`, chain + key),
    };
  };
  return {
    roots: write("roots.pem", ca.roots),
    frontend: await issue("frontend"),
    backend: await issue("backend"),
  };
}
