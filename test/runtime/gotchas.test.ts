import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { systemClock } from "../../runtime/core/clock.ts";
import { resolveMeshConfig } from "../../runtime/config/mesh-config.ts";
import { createCa, defaultTtlMs, signCsr } from "../../runtime/identity/ca.ts";
import { createKeyAndCsr } from "../../runtime/identity/csr.ts";
import { readCertificates } from "../../runtime/identity/certificate.ts";
import { rotationAt } from "../../runtime/identity/rotation.ts";
import { verifyPeer } from "../../runtime/identity/verify.ts";

/** Gotchas of the specification that no request shows; the others are cases in `test/conformance/own/gotchas`, GO-50 is in `proxy/drain.test.ts`. */

test("GO-36: a service whose accounts are not known is asked for no name", async () => {
  const ca = await createCa("cluster.local", systemClock);
  const identity = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "anybody" };
  const { chain } = await signCsr(ca, createKeyAndCsr().csr, identity, defaultTtlMs, systemClock);
  const peer = {
    leaf: new X509Certificate(chain),
    intermediates: readCertificates(chain) ?? [],
    openssl: true,
  } as const;
  const rules = { peer: "server", roots: readCertificates(ca.roots) ?? [], now: systemClock.now() } as const;
  expect(verifyPeer(peer, { ...rules, subjectAltNames: [] }).ok).toBe(true);
  expect(verifyPeer(peer, { ...rules, subjectAltNames: ["spiffe://cluster.local/ns/default/sa/other"] }).ok).toBe(
    false,
  );
});

test("GO-39: a certificate of a day is renewed after about half of it", () => {
  const hour = 3_600_000;
  for (const spread of [-1, 0, 0.999]) {
    const after = rotationAt({ createdAt: 0, notAfter: 24 * hour, spread }) / hour;
    expect(after).toBeGreaterThan(11.7);
    expect(after).toBeLessThan(12.3);
  }
});

test("GO-42: a provider may take ten minutes unless its timeout says otherwise", () => {
  const provider = (timeout: object): object => ({
    name: "p",
    envoyExtAuthzGrpc: { service: "p.default.svc.cluster.local", port: 9000, ...timeout },
  });
  const config = resolveMeshConfig({
    extensionProviders: [provider({}), { ...provider({ timeout: "2s" }), name: "q" }],
  }).value;
  expect(config?.extensionProviders.map((each) => each.settings?.timeoutMs)).toEqual([600_000, 2_000]);
});
