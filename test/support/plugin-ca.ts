import { generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto";
import type { CaFiles } from "../../runtime/identity/ca.ts";
import { issueCertificate } from "../../runtime/identity/x509.ts";

const day = 86_400_000;

interface Signer {
  readonly certificate: string;
  readonly key: KeyObject;
}

/** A root as an organisation keeps it, apart from any mesh, which signs the intermediates that meshes get. */
export interface OfflineRoot {
  readonly pem: string;
  /** The files of a plug-in CA with a new intermediate; `trusted` are the roots that proxies are to trust, by default this one. */
  readonly intermediate: (name: string, trusted?: string) => Promise<CaFiles>;
}

export async function createOfflineRoot(name: string): Promise<OfflineRoot> {
  const root = await certify(name, undefined);
  return {
    pem: root.certificate,
    intermediate: async (below, trusted = root.certificate) => {
      const signing = await certify(below, root);
      return {
        "ca-cert.pem": signing.certificate,
        "ca-key.pem": signing.key.export({ format: "pem", type: "pkcs8" }).toString(),
        "cert-chain.pem": signing.certificate,
        "root-cert.pem": trusted,
      };
    },
  };
}

/** The files of a CA that signs with its root. */
export async function createRootFiles(name: string): Promise<CaFiles> {
  const { certificate, key } = await certify(name, undefined);
  return {
    "ca-cert.pem": certificate,
    "ca-key.pem": key.export({ format: "pem", type: "pkcs8" }).toString(),
    "cert-chain.pem": certificate,
    "root-cert.pem": certificate,
  };
}

async function certify(name: string, issuer: Signer | undefined): Promise<Signer> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = await issueCertificate({
    subject: `O=example, CN=${name}`,
    issuerCertificate: issuer?.certificate,
    publicKey,
    signingKey: issuer?.key ?? privateKey,
    serial: `00${randomBytes(16).toString("hex")}`,
    notBefore: Date.now() - day,
    notAfter: Date.now() + 30 * day,
    use: { kind: "ca", pathLength: issuer === undefined ? undefined : 0 },
  });
  return { certificate, key: privateKey };
}
