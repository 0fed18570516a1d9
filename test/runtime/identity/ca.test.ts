import { createPublicKey, generateKeyPairSync, type X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "../../../runtime/core/clock.ts";
import { MeshError } from "../../../runtime/core/error.ts";
import { type Ca, type CaFiles, createCa, loadCa, maxTtlMs, signCsr } from "../../../runtime/identity/ca.ts";
import { certificateFacts, readCertificates } from "../../../runtime/identity/certificate.ts";
import { createKeyAndCsr } from "../../../runtime/identity/csr.ts";
import { issueCertificate } from "../../../runtime/identity/x509.ts";
import { explainSkip, haveOpenssl, openssl } from "./openssl.ts";

const day = 86_400_000;
const identity = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "frontend" };

function clockAt(now: number): Clock {
  return { now: () => now, monotonic: () => now, after: () => () => undefined };
}

const now = Date.parse("2026-11-24T10:00:00.500Z");
const clock = clockAt(now);

function leafOf(chain: string): X509Certificate {
  const [leaf] = readCertificates(chain) ?? [];
  if (leaf === undefined) throw new Error("no certificate");
  return leaf;
}

async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
    return "none";
  } catch (error) {
    return error instanceof MeshError ? error.code : String(error);
  }
}

let ca: Ca;
beforeAll(async () => {
  explainSkip();
  ca = await createCa("cluster.local", clock);
});

function without(files: CaFiles, name: keyof CaFiles): Partial<CaFiles> {
  const { [name]: _, ...rest } = files;
  return rest;
}

describe("the local CA", () => {
  it("is a root and an intermediate that survive being saved", () => {
    const again = loadCa(ca.files, clock);
    expect(again.intermediates).toBe(ca.intermediates);
    const [root] = readCertificates(ca.roots) ?? [];
    expect(root?.ca).toBe(true);
    expect(root?.verify(root.publicKey)).toBe(true);
    expect(root && ca.certificate.checkIssued(root)).toBe(true);
    expect(ca.intermediates).not.toContain(root?.toString());
  });

  it("issues exactly the certificate that Istio issues (spec ID-16, ID-18)", async () => {
    const { key, csr } = createKeyAndCsr();
    const issued = await signCsr(ca, csr, identity, day, clock);
    const certificates = readCertificates(issued.chain) ?? [];
    expect(certificates).toHaveLength(2);
    const leaf = leafOf(issued.chain);
    expect(certificateFacts(leaf)).toMatchObject({
      spiffe: "spiffe://cluster.local/ns/default/sa/frontend",
      sans: ["spiffe://cluster.local/ns/default/sa/frontend"],
      notBefore: "2026-11-24T09:58:00.000Z",
      notAfter: "2026-11-25T10:00:00.000Z",
    });
    expect(leaf.subject).toBeFalsy();
    expect(leaf.ca).toBe(false);
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(leaf.publicKey.equals(createPublicKey(key))).toBe(true);
    expect(leaf.verify(ca.certificate.publicKey)).toBe(true);
    expect(issued).toMatchObject({
      notBefore: Date.parse("2026-11-24T09:58:00Z"),
      notAfter: Date.parse("2026-11-25T10:00:00Z"),
    });
  });

  it("gives every certificate its own positive 128-bit serial in shortest form", async () => {
    const serials = new Set<string>();
    for (let i = 0; i < 20; i += 1) {
      const leaf = leafOf((await signCsr(ca, createKeyAndCsr().csr, identity, day, clock)).chain);
      serials.add(leaf.serialNumber);
      // The integer follows the version in the to-be-signed part; its first octet must carry a sign bit of 0, without padding.
      const at = leaf.raw.indexOf(Buffer.from("a003020102", "hex")) + 5;
      const [tag, length, first = 0, second = 0] = leaf.raw.subarray(at, at + 4);
      expect(tag).toBe(2);
      expect(length).toBeLessThanOrEqual(17);
      expect(first < 0x80).toBe(true);
      expect(first !== 0 || second >= 0x80).toBe(true);
    }
    expect(serials.size).toBe(20);
  });

  it("never outlives its signer, and refuses what Istio's CA refuses", async () => {
    const { csr } = createKeyAndCsr();
    const end = ca.certificate.validToDate.getTime();
    const late = clockAt(end - 1000);
    expect((await signCsr(ca, csr, identity, day, late)).notAfter).toBe(end);
    expect(await codeOf(() => signCsr(ca, csr, identity, day, clockAt(end + 1000)))).toBe("MD3006");
    expect(await codeOf(() => signCsr(ca, csr, identity, maxTtlMs + 1, clock))).toBe("MD3008");
    expect(await codeOf(() => signCsr(ca, csr, identity, Number.NaN, clock))).toBe("MD3008");
    expect(await codeOf(() => signCsr(ca, csr, identity, 0, clock))).toBe("MD3008");
    expect(await codeOf(() => signCsr(ca, "nonsense", identity, day, clock))).toBe("MD3007");
    expect(await codeOf(() => signCsr(ca, csr, { ...identity, namespace: "a b" }, day, clock))).toBe("MD3007");
  });

  it("wants proof that the requester holds the key", async () => {
    const [label = "", ...rest] = createKeyAndCsr().csr.trim().split("\n");
    const der = Buffer.from(rest.slice(0, -1).join(""), "base64");
    const last = der.length - 1;
    der[last] = (der[last] ?? 0) ^ 1;
    const forged = `${label}\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
    expect(await codeOf(() => signCsr(ca, forged, identity, day, clock))).toBe("MD3007");
  });

  it("maps an @ in the trust domain (spec ID-3)", async () => {
    const issued = await signCsr(ca, createKeyAndCsr().csr, { ...identity, trustDomain: "a@b" }, day, clock);
    expect(certificateFacts(leafOf(issued.chain)).spiffe).toBe("spiffe://a.b/ns/default/sa/frontend");
  });
});

describe("a plug-in CA", () => {
  it.each(["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"] as const)("must have %s", async (name) => {
    expect(await codeOf(() => loadCa(without(ca.files, name), clock))).toBe("MD3002");
    expect(await codeOf(() => loadCa({ ...ca.files, [name]: "nonsense" }, clock))).toBe("MD3001");
  });

  it("must fit together", async () => {
    const other = await createCa("other", clock);
    expect(await codeOf(() => loadCa({ ...ca.files, "ca-key.pem": other.files["ca-key.pem"] }, clock))).toBe("MD3004");
    expect(await codeOf(() => loadCa({ ...ca.files, "root-cert.pem": other.files["root-cert.pem"] }, clock))).toBe(
      "MD3005",
    );
    const { key, csr } = createKeyAndCsr();
    const leaf = await signCsr(ca, csr, identity, day, clock);
    const files = { ...ca.files, "ca-cert.pem": leaf.chain, "ca-key.pem": key };
    expect(await codeOf(() => loadCa(files, clock))).toBe("MD3003");
    expect(await codeOf(() => loadCa(ca.files, clockAt(now + 6 * 365 * day)))).toBe("MD3006");
    expect(await codeOf(() => loadCa(ca.files, clockAt(now - day)))).toBe("MD3006");
    const ed = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    expect(await codeOf(() => loadCa({ ...ca.files, "ca-key.pem": ed }, clock))).toBe("MD3001");
  });

  it("may be longer than ours, and serves every certificate below the root", async () => {
    const middle = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const low = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const top = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const base = {
      notBefore: now - day,
      notAfter: now + 300 * day,
      use: { kind: "ca", pathLength: undefined },
    } as const;
    const root = await issueCertificate({
      ...base,
      subject: "O=Acme, CN=Root",
      issuerCertificate: undefined,
      publicKey: top.publicKey,
      signingKey: top.privateKey,
      serial: "01",
    });
    const first = await issueCertificate({
      ...base,
      subject: "O=Acme, CN=Intermediate 1",
      issuerCertificate: root,
      publicKey: middle.publicKey,
      signingKey: top.privateKey,
      serial: "02",
    });
    const second = await issueCertificate({
      ...base,
      subject: "O=Acme, CN=Intermediate 2",
      issuerCertificate: first,
      publicKey: low.publicKey,
      signingKey: middle.privateKey,
      serial: "03",
    });
    const files: CaFiles = {
      "ca-cert.pem": second,
      "ca-key.pem": low.privateKey.export({ format: "pem", type: "pkcs1" }).toString(),
      // As Istio's own Makefile writes it: the whole chain, root included.
      "cert-chain.pem": second + first + root,
      "root-cert.pem": root,
    };
    const loaded = loadCa(files, clock);
    const issued = await signCsr(loaded, createKeyAndCsr().csr, identity, day, clock);
    const names = (readCertificates(issued.chain) ?? []).map((item) => item.subject?.replaceAll("\n", ", ") ?? "");
    expect(names).toEqual(["", "O=Acme, CN=Intermediate 2", "O=Acme, CN=Intermediate 1"]);
    expect(await codeOf(() => loadCa({ ...files, "cert-chain.pem": second }, clock))).toBe("MD3005");
    const verify = [
      "verify",
      "-attime",
      String(Math.floor(now / 1000)),
      "-CAfile",
      "root",
      "-untrusted",
      "chain",
      "leaf",
    ];
    const answer = haveOpenssl ? openssl({ root, chain: first + second, leaf: issued.chain }, verify) : "leaf: OK";
    expect(answer).toContain("leaf: OK");
  });

  it("may be one root that signs itself", async () => {
    const root = {
      ...ca.files,
      "ca-cert.pem": ca.roots,
      "cert-chain.pem": ca.roots,
    };
    // The root's own key is gone after creation, so a fresh pair stands in for it.
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = await issueCertificate({
      subject: "CN=only",
      issuerCertificate: undefined,
      publicKey: pair.publicKey,
      signingKey: pair.privateKey,
      serial: "05",
      notBefore: now - day,
      notAfter: now + day,
      use: { kind: "ca", pathLength: undefined },
    });
    const key = pair.privateKey.export({ format: "pem", type: "sec1" }).toString();
    const loaded = loadCa(
      { ...root, "ca-cert.pem": pem, "cert-chain.pem": pem, "root-cert.pem": pem, "ca-key.pem": key },
      clock,
    );
    expect(loaded.intermediates).toBe("");
    expect(readCertificates((await signCsr(loaded, createKeyAndCsr().csr, identity, day, clock)).chain)).toHaveLength(
      1,
    );
  });
});

describe.skipIf(!haveOpenssl)("openssl reads the same", () => {
  const date = ["-attime", String(Math.floor(now / 1000))];

  it("verifies chains for both purposes and shows the fields", async () => {
    const { chain } = await signCsr(ca, createKeyAndCsr().csr, identity, day, clock);
    const files = { root: ca.roots, mid: ca.intermediates, leaf: chain };
    for (const purpose of ["sslclient", "sslserver"]) {
      const verify = [
        "verify",
        "-x509_strict",
        ...date,
        "-purpose",
        purpose,
        "-CAfile",
        "root",
        "-untrusted",
        "mid",
        "leaf",
      ];
      expect(openssl(files, verify)).toContain("leaf: OK");
    }
    const text = openssl(files, ["x509", "-in", "leaf", "-noout", "-text"]).replaceAll(/\s+/g, " ");
    expect(text).toContain("X509v3 Key Usage: critical Digital Signature, Key Encipherment");
    expect(text).toContain("X509v3 Basic Constraints: critical CA:FALSE");
    expect(text).toContain(
      "X509v3 Subject Alternative Name: critical URI:spiffe://cluster.local/ns/default/sa/frontend",
    );
    expect(text).toContain("TLS Web Server Authentication, TLS Web Client Authentication");
    expect(openssl(files, ["x509", "-in", "leaf", "-noout", "-subject"]).trim()).toBe("subject=");
  });

  it("verifies leaves of a CA whose key identifier is not a hash of its key", async () => {
    const config =
      "[v3]\nbasicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=00112233445566778899\nkeyUsage=critical,keyCertSign\n[req]\ndistinguished_name=dn\n[dn]\n";
    const make = [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "30",
      "-subj",
      "/CN=odd",
    ];
    const files = openssl({ config }, [...make, "-config", "config", "-extensions", "v3", "-keyout", "-"]);
    const key = files.slice(0, files.indexOf("-----BEGIN CERTIFICATE"));
    const root = files.slice(files.indexOf("-----BEGIN CERTIFICATE"));
    const odd = loadCa(
      { "ca-cert.pem": root, "ca-key.pem": key, "cert-chain.pem": root, "root-cert.pem": root },
      clockAt(Date.now() + 1000),
    );
    const { chain } = await signCsr(odd, createKeyAndCsr().csr, identity, day, clockAt(Date.now()));
    expect(openssl({ root, chain }, ["verify", "-CAfile", "root", "chain"])).toContain("chain: OK");
  });

  it("accepts our certificate requests, and we accept its", async () => {
    const { csr } = createKeyAndCsr();
    expect(openssl({ csr }, ["req", "-in", "csr", "-noout", "-verify", "-text"])).toContain("prime256v1");
    const made = openssl(
      {},
      [
        "req",
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "key",
        "-subj",
        "/CN=admin",
        "-addext",
        "subjectAltName=URI:spiffe://cluster.local/ns/x/sa/admin",
        "-out",
        "csr",
      ],
      ["req", "-in", "csr"],
    );
    const { chain } = await signCsr(ca, made, identity, day, clock);
    // The names it asks for are ignored (spec ID-16).
    expect(certificateFacts(leafOf(chain)).sans).toEqual(["spiffe://cluster.local/ns/default/sa/frontend"]);
    expect(leafOf(chain).subject).toBeFalsy();
    const weak = openssl(
      {},
      ["req", "-new", "-newkey", "rsa:1024", "-nodes", "-keyout", "key", "-subj", "/", "-out", "csr"],
      ["req", "-in", "csr"],
    );
    expect(await codeOf(() => signCsr(ca, weak, identity, day, clock))).toBe("MD3007");
  });
});
