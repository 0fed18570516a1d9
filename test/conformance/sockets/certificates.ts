import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  webcrypto,
  X509Certificate,
} from "node:crypto";
import type * as x509Library from "@peculiar/x509";
import { systemClock } from "../../../runtime/core/clock.ts";
import { createCa, loadCa, type Ca } from "../../../runtime/identity/ca.ts";
import { createCrl } from "../../support/crl.ts";
import { createRootFiles } from "../../support/plugin-ca.ts";
import type { PemWish } from "../pem.ts";
import { readCsr } from "../../../runtime/identity/x509.ts";

/** The CAs of the recordings: the mesh's own, one that nobody trusts, and the one behind names outside the mesh. */
export type CaName = "mesh" | "rogue" | "public";

export interface KeyPair {
  /** Leaf first, PEM. */
  readonly chain: string;
  /** PEM. */
  readonly key: string;
}

/** What the recorder could have signed: any name by any of its CAs, valid now or not any more. */
export interface Certificates {
  readonly roots: (ca: CaName) => string;
  /** A chain for the key of a request. */
  readonly signCsr: (ca: CaName, csr: string, name: string) => Promise<string>;
  /** A certificate with a key of its own; the same one when asked again. */
  readonly issue: (ca: CaName, name: string, expired?: boolean) => Promise<KeyPair>;
  /** Texts for the placeholders of a case's documents. */
  readonly pem: (wishes: readonly PemWish[]) => Promise<(wish: PemWish) => string>;
  /** The name in the certificate with this SHA-256, lower-case hex. */
  readonly nameOf: (hash: string) => string | undefined;
}

export async function createCertificates(): Promise<Certificates> {
  const cas: Readonly<Record<CaName, Ca>> = {
    mesh: await createCa("cluster.local", systemClock),
    rogue: await createCa("rogue", systemClock),
    // Signs with its root: a list of revoked certificates is wanted of every issuer in a chain.
    public: loadCa(await createRootFiles("public"), systemClock),
  };
  const issued = new Map<string, Promise<KeyPair>>();
  const names = new Map<string, string>();

  function note(chain: string, name: string): string {
    names.set(new X509Certificate(chain).fingerprint256.replaceAll(":", "").toLowerCase(), name);
    return chain;
  }

  async function make(ca: CaName, name: string, expired: boolean): Promise<KeyPair> {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const chain = note(await sign(cas[ca], createPublicKey(pair.privateKey), name, expired), name);
    return { chain, key: pair.privateKey.export({ format: "pem", type: "pkcs8" }).toString() };
  }

  const issue: Certificates["issue"] = (ca, name, expired = false) => {
    const key = `${ca} ${name} ${String(expired)}`;
    const found = issued.get(key) ?? make(ca, name, expired);
    issued.set(key, found);
    return found;
  };

  async function textOf({ kind, ca, name }: PemWish): Promise<string> {
    if (kind === "ca") return cas[ca].roots;
    const { chain, key } = await issue(ca, name);
    if (kind === "crl") return createCrl(cas[ca], chain);
    return kind === "cert" ? chain : key;
  }

  return {
    roots: (ca) => cas[ca].roots,
    signCsr: async (ca, csr, name) => {
      const publicKey = await readCsr(csr);
      if (publicKey === undefined) throw new Error("the data plane sent a request that cannot be read");
      return note(await sign(cas[ca], publicKey, name, false), name);
    },
    issue,
    pem: async (wishes) => {
      const texts = new Map<string, string>();
      for (const wish of wishes) texts.set(JSON.stringify(wish), await textOf(wish));
      return (wish) => texts.get(JSON.stringify(wish)) ?? "";
    },
    nameOf: (hash) => names.get(hash),
  };
}

const hour = 3_600_000;

/** The library wants its metadata first, as in `identity/x509.ts`. */
async function library(): Promise<typeof x509Library> {
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}

/** Names that no mesh gives to anybody, which `identity/ca.ts` therefore refuses: DNS names, paths that are no workload's. */
async function sign(ca: Ca, publicKey: KeyObject, name: string, expired: boolean): Promise<string> {
  const x509 = await library();
  const now = systemClock.now();
  const issuer = new x509.X509Certificate(ca.certificate.toString());
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const { subtle } = webcrypto;
  const spki = publicKey.export({ format: "der", type: "spki" });
  const pkcs8 = ca.key.export({ format: "der", type: "pkcs8" });
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: `00${randomBytes(16).toString("hex")}`,
      subject: "",
      issuer: issuer.subjectName,
      notBefore: new Date(now - (expired ? 2 * hour : 120_000)),
      notAfter: new Date(now + (expired ? -hour : hour)),
      publicKey: await subtle.importKey("spki", spki, algorithm, true, ["verify"]),
      signingKey: await subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]),
      signingAlgorithm: algorithm,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.SubjectAlternativeNameExtension([{ type: name.includes("://") ? "url" : "dns", value: name }], true),
      ],
    },
    webcrypto,
  );
  return `${certificate.toString("pem")}\n${ca.intermediates}`;
}
