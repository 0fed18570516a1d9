import { once } from "node:events";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { type Ca, createCa, signCsr } from "../../../runtime/identity/ca.ts";
import { certificateFacts, readCertificates, subjectAltNames } from "../../../runtime/identity/certificate.ts";
import { createKeyAndCsr } from "../../../runtime/identity/csr.ts";
import { type Peer, type PeerVerdict, verifyPeer } from "../../../runtime/identity/verify.ts";
import { issueCertificate } from "../../../runtime/identity/x509.ts";
import { explainSkip, haveOpenssl, openssl } from "./openssl.ts";

const day = 86_400_000;
const now = Date.now();

interface Svid {
  readonly key: string;
  readonly chain: string;
  readonly certificates: readonly X509Certificate[];
}

async function svid(ca: Ca, trustDomain = "cluster.local", serviceAccount = "frontend"): Promise<Svid> {
  const { key, csr } = createKeyAndCsr();
  const { chain } = await signCsr(ca, csr, { trustDomain, namespace: "default", serviceAccount }, day, systemClock);
  return { key, chain, certificates: readCertificates(chain) ?? [] };
}

let ca: Ca;
let rogue: Ca;
let frontend: Svid;
let roots: readonly X509Certificate[];

beforeAll(async () => {
  explainSkip();
  ca = await createCa("cluster.local", systemClock);
  rogue = await createCa("cluster.local", systemClock);
  frontend = await svid(ca);
  roots = readCertificates(ca.roots) ?? [];
});

const peerOf = (from: Svid, openssl?: true | string): Peer => ({
  leaf: from.certificates[0],
  intermediates: from.certificates.slice(1),
  openssl,
});
const asServer = (peer: Peer, trustDomains: readonly string[] = ["cluster.local"], at = now): PeerVerdict =>
  verifyPeer(peer, { peer: "client", roots, now: at, trustDomains });
const asClient = (peer: Peer, names: readonly string[]): PeerVerdict =>
  verifyPeer(peer, { peer: "server", roots, now, subjectAltNames: names });

describe("a server judging a caller", () => {
  it("accepts the mesh's own", () => {
    expect(asServer(peerOf(frontend))).toMatchObject({
      ok: true,
      names: { uris: ["spiffe://cluster.local/ns/default/sa/frontend"] },
    });
    expect(asServer(peerOf(frontend), ["other", "cluster.local"])).toMatchObject({ ok: true });
  });

  it("wants a certificate", () => {
    expect(asServer({ leaf: undefined, intermediates: [], openssl: true })).toMatchObject({
      ok: false,
      step: "certificate",
      alert: "certificate_required",
    });
  });

  it("refuses foreign trust domains, and prefixes of ours", async () => {
    for (const trustDomain of ["evil", "cluster.local.evil", "cluster"]) {
      expect(asServer(peerOf(await svid(ca, trustDomain)))).toMatchObject({
        ok: false,
        step: "identity",
        alert: "certificate_unknown",
      });
    }
    expect(asServer(peerOf(frontend), [])).toMatchObject({ ok: false, step: "identity" });
  });

  it("refuses another CA, also when OpenSSL was not asked or said yes to the chain as far as it goes", async () => {
    const intruder = await svid(rogue);
    expect(asServer(peerOf(intruder))).toMatchObject({ ok: false, step: "verify", alert: "unknown_ca" });
    expect(asServer(peerOf(intruder, "SELF_SIGNED_CERT_IN_CHAIN"))).toMatchObject({
      ok: false,
      alert: "unknown_ca",
      transport:
        "TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: X509_verify_cert: " +
        "certificate verification error at depth 1: self signed certificate in certificate chain:TLS_error_end",
    });
    // The same names and the same issuer name, another key: a lone leaf is nobody's.
    expect(asServer({ ...peerOf(intruder), intermediates: [] })).toMatchObject({ ok: false, alert: "unknown_ca" });
    expect(asServer({ ...peerOf(frontend), intermediates: [] })).toMatchObject({ ok: false, alert: "unknown_ca" });
    // A Node server sees no intermediate: then, and only then, OpenSSL's word counts.
    expect(asServer({ ...peerOf(frontend, true), intermediates: [] })).toMatchObject({ ok: true });
  });

  it("judges the same again when asked again, after any number of others", async () => {
    const intruder = await svid(rogue);
    for (let turn = 0; turn < 3; turn += 1) {
      expect(asServer(peerOf(intruder))).toMatchObject({ ok: false, step: "verify", alert: "unknown_ca" });
      expect(asServer(peerOf(frontend))).toMatchObject({ ok: true });
      // What is remembered is who issued it, never that it was good.
      expect(asServer(peerOf(frontend), ["cluster.local"], now + 30 * day)).toMatchObject({ ok: false });
    }
  });

  it("checks dates even of certificates that OpenSSL let pass", () => {
    expect(asServer(peerOf(frontend, true), ["cluster.local"], now + 2 * day)).toMatchObject({
      ok: false,
      step: "verify",
      alert: "certificate_expired",
      reason: "the certificate has expired",
    });
    expect(asServer(peerOf(frontend, true), ["cluster.local"], now - day)).toMatchObject({
      ok: false,
      alert: "bad_certificate",
    });
  });

  it("refuses a chain through something that is no CA", async () => {
    // frontend's certificate "issues" another identity.
    const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = await issueCertificate({
      subject: "",
      issuerCertificate: frontend.certificates[0]?.toString(),
      publicKey: own.publicKey,
      signingKey: createPrivateKey(frontend.key),
      serial: "09",
      notBefore: now - 1000,
      notAfter: now + day,
      use: { kind: "workload", uri: "spiffe://cluster.local/ns/default/sa/admin" },
    });
    const forged: Peer = { leaf: new X509Certificate(pem), intermediates: frontend.certificates, openssl: undefined };
    expect(asServer(forged)).toMatchObject({ ok: false, step: "verify", alert: "unknown_ca" });
  });

  it("refuses a CA's certificate as a caller, and unknown complaints of OpenSSL", () => {
    const [, intermediate] = frontend.certificates;
    expect(asServer({ leaf: intermediate, intermediates: [], openssl: true })).toMatchObject({
      ok: false,
      alert: "unsupported_certificate",
    });
    expect(asServer(peerOf(frontend, "SOMETHING_NEW"))).toMatchObject({
      ok: false,
      step: "verify",
      alert: "certificate_unknown",
    });
    expect(asServer(peerOf(frontend, "CERT_REVOKED"))).toMatchObject({ ok: false, alert: "certificate_revoked" });
  });
});

describe("a client judging a server", () => {
  const backend = "spiffe://cluster.local/ns/default/sa/backend";

  it("compares names exactly", async () => {
    const server = await svid(ca, "cluster.local", "backend");
    expect(asClient(peerOf(server), [backend])).toMatchObject({ ok: true });
    expect(asClient(peerOf(server), ["nonsense", backend])).toMatchObject({ ok: true });
    for (const name of [`${backend}x`, backend.slice(0, -1), backend.toUpperCase(), "spiffe://cluster.local/", "*"]) {
      expect(asClient(peerOf(server), [name])).toMatchObject({
        ok: false,
        step: "identity",
        alert: "certificate_unknown",
        transport: `TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: SAN matcher, certificate SANs are [${backend}]:TLS_error_end`,
      });
    }
  });

  it("checks no names without a list, but still the chain (spec ID-12)", async () => {
    expect(asClient(peerOf(await svid(ca, "evil")), [])).toMatchObject({ ok: true });
    expect(asClient(peerOf(await svid(rogue)), [])).toMatchObject({ ok: false, step: "verify" });
  });
});

/** A self-signed certificate with these alternative names, each a line of an openssl section. */
function self(...names: readonly string[]): X509Certificate {
  const config = `[req]\ndistinguished_name=dn\n[dn]\n[v3]\nsubjectAltName=@names\n[names]\n${names.join("\n")}\n`;
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key"];
  const made = openssl(
    { config },
    ["req", "-x509", ...key, "-subj", "/CN=x", "-config", "config", "-extensions", "v3", "-out", "cert"],
    ["x509", "-in", "cert"],
  );
  return new X509Certificate(made);
}

describe("names in certificates", () => {
  it.skipIf(!haveOpenssl)("cannot be smuggled into one another", () => {
    const two = self(
      "URI.1=spiffe://cluster.local/ns/a/sa/a",
      "URI.2=spiffe://cluster.local/ns/b/sa/b",
      "DNS.1=x.example",
      "IP.1=127.0.0.1",
      "email.1=a@b.c",
    );
    expect(subjectAltNames(two)).toEqual({
      uris: ["spiffe://cluster.local/ns/a/sa/a", "spiffe://cluster.local/ns/b/sa/b"],
      dns: ["x.example"],
    });
    expect(certificateFacts(two).spiffe).toBeNull();
    // Two callers in one certificate: decisions could be about one and the application about the other.
    const roots = [two];
    expect(
      verifyPeer(
        { leaf: two, intermediates: [], openssl: true },
        { peer: "client", roots, now, trustDomains: ["cluster.local"] },
      ).ok,
    ).toBe(false);
    // A DNS name that prints like a URI is still a DNS name; one with a blank makes all names void.
    expect(subjectAltNames(self("DNS.1=x,URI:spiffe://cluster.local/ns/b/sa/b"))).toEqual({
      uris: [],
      dns: ["x,URI:spiffe://cluster.local/ns/b/sa/b"],
    });
    expect(subjectAltNames(self("URI.1=spiffe://cluster.local/ns/a/sa/a", "DNS.1=x, URI:y"))).toEqual({
      uris: [],
      dns: [],
    });
    expect(subjectAltNames(self("email.1=a@b.c"))).toEqual({ uris: [], dns: [] });
  });

  it("are none in a certificate without them, and damaged PEM is no certificate", () => {
    expect(subjectAltNames(ca.certificate)).toEqual({ uris: [], dns: [] });
    expect(certificateFacts(ca.certificate)).toMatchObject({ spiffe: null, sans: [] });
    expect(readCertificates("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")).toBeUndefined();
    expect(readCertificates("-----BEGIN CERTIFICATE-----\nAAAA")).toEqual([]);
  });
});

describe("over real sockets", () => {
  it("judges what Node's TLS hands over, both ways", async () => {
    const backend = await svid(ca, "cluster.local", "backend");
    const server = createServer({
      key: backend.key,
      cert: backend.chain,
      ca: ca.roots,
      requestCert: true,
      rejectUnauthorized: true,
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address: AddressInfo | string | null = server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    const accepted: Promise<TLSSocket[]> = once(server, "secureConnection");
    const client = connect({
      port: address.port,
      host: "127.0.0.1",
      key: frontend.key,
      cert: frontend.chain,
      ca: ca.roots,
      checkServerIdentity: () => undefined,
    });
    await once(client, "secureConnect");
    const [secure] = await accepted;
    const caller = secure?.getPeerX509Certificate();
    // The reason for `openssl` in Peer: newer Nodes do not give a server the intermediate that the client sent.
    const alone = { leaf: caller, intermediates: [] };
    expect(asServer({ ...alone, openssl: secure?.authorized === true ? true : undefined })).toMatchObject({ ok: true });
    expect(asServer({ ...alone, openssl: undefined })).toMatchObject({ ok: false, alert: "unknown_ca" });
    const callee = client.getPeerX509Certificate();
    const above = callee?.issuerCertificate;
    expect(
      asClient({ leaf: callee, intermediates: above === undefined ? [] : [above], openssl: undefined }, [
        "spiffe://cluster.local/ns/default/sa/backend",
      ]),
    ).toMatchObject({ ok: true });
    client.destroy();
    secure?.destroy();
    server.close();
  });
});
