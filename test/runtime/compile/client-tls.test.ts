import { describe, expect, it } from "vitest";
import { bindClientTls } from "../../../runtime/compile/client-tls.ts";
import type { Mesh } from "../../../runtime/model/mesh.ts";
import type { ClusterTls } from "../../../runtime/model/snapshot.ts";
import { smallMesh } from "../../support/paper-mesh.ts";

function resolve(
  yaml: string,
  meshConfig: Readonly<Record<string, unknown>> = {},
  port = 8080,
  subset = "",
  change: (mesh: Mesh) => Mesh = (mesh) => mesh,
): ClusterTls & { readonly because: readonly string[] } {
  const mesh = change(smallMesh(yaml, meshConfig));
  const client = mesh.workloads.find((workload) => workload.name === "frontend");
  const service = mesh.services.find((each) => each.name === "backend");
  const servicePort = service?.ports.find((each) => each.port === port);
  if (client === undefined || service === undefined || servicePort === undefined) throw new Error("incomplete mesh");
  const { tls, because } = bindClientTls(mesh).resolve(client, service, servicePort, subset);
  return { ...tls, because: because.map((each) => `${each.resource} ${each.field}`) };
}

const rule = (name: string, namespace: string, spec: string): string =>
  `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: ${spec}\n---\n`;
const peer = (namespace: string, mode: string): string =>
  `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: p, namespace: ${namespace}}\nspec: {mtls: {mode: ${mode}}}\n---\n`;
const names = ["spiffe://cluster.local/ns/default/sa/backend"];
const sni = "outbound_.8080_._.backend.default.svc.cluster.local";

const headless =
  (sidecar: boolean) =>
  (mesh: Mesh): Mesh => ({
    ...mesh,
    services: mesh.services.map((service) => ({ ...service, address: "None" })),
    workloads: mesh.workloads.map((workload) => ({
      ...workload,
      sidecar: workload.name === "backend" ? sidecar : workload.sidecar,
    })),
  });

describe("client TLS", () => {
  it.each([
    ["nothing configured: auto", "", { mode: "auto", sni, subjectAltNames: names }],
    [
      "mesh PeerAuthentication DISABLE",
      peer("istio-system", "DISABLE"),
      { mode: "none", because: ["PeerAuthentication istio-system/p spec.mtls.mode"] },
    ],
    [
      "DISABLE",
      rule("r", "default", "{host: backend, trafficPolicy: {tls: {mode: DISABLE}}}"),
      { mode: "none", because: ["DestinationRule default/r spec.trafficPolicy.tls.mode"] },
    ],
    [
      "ISTIO_MUTUAL",
      rule("r", "default", "{host: backend, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}"),
      { mode: "istio", sni, subjectAltNames: names },
    ],
    [
      "own names and SNI replace",
      rule(
        "r",
        "default",
        "{host: backend, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: x, subjectAltNames: [other]}}}",
      ),
      { mode: "istio", sni: "x", subjectAltNames: ["other"] },
    ],
    [
      "a rule without tls keeps auto",
      rule("r", "default", "{host: backend, trafficPolicy: {loadBalancer: {simple: RANDOM}}}"),
      { mode: "auto" },
    ],
    [
      "SIMPLE",
      rule("r", "default", "{host: backend, trafficPolicy: {tls: {mode: SIMPLE}}}"),
      { mode: "simple", sni: undefined, caFile: undefined, skipVerify: false },
    ],
    [
      "MUTUAL",
      rule(
        "r",
        "default",
        "{host: backend, trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /c, privateKey: /k, caCertificates: /a}}}",
      ),
      { mode: "mutual", certFile: "/c", keyFile: "/k", caFile: "/a" },
    ],
    [
      "a list of revoked certificates",
      rule("r", "default", "{host: backend, trafficPolicy: {tls: {mode: SIMPLE, caCertificates: /a, caCrl: /crl}}}"),
      { mode: "simple", caFile: "/a", crlFile: "/crl" },
    ],
    [
      "a secret that the client may not read",
      rule(
        "r",
        "default",
        "{host: backend, workloadSelector: {matchLabels: {app: frontend}}, trafficPolicy: {tls: {mode: SIMPLE, credentialName: s}}}",
      ),
      { mode: "withheld", reason: "service account default/frontend may not list Secrets" },
    ],
    [
      "a port entry without tls is auto, but the endpoints lose their mark",
      rule(
        "r",
        "default",
        "{host: backend, trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 8080}, loadBalancer: {simple: RANDOM}}]}}",
      ),
      { mode: "none" },
    ],
    [
      "a port entry replaces the level",
      rule(
        "r",
        "default",
        "{host: backend, trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 8080}, tls: {mode: ISTIO_MUTUAL}}]}}",
      ),
      { mode: "istio", because: ["DestinationRule default/r spec.trafficPolicy.portLevelSettings[0].tls.mode"] },
    ],
    [
      "the client's namespace comes first",
      rule("a", "default", "{host: '*.local', trafficPolicy: {tls: {mode: DISABLE}}}") +
        rule(
          "b",
          "istio-system",
          "{host: backend.default.svc.cluster.local, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}",
        ),
      { mode: "none" },
    ],
    [
      "the root namespace comes last",
      rule("b", "istio-system", "{host: '*', trafficPolicy: {tls: {mode: DISABLE}}}"),
      { mode: "none" },
    ],
    [
      "a third namespace never counts",
      rule("b", "other", "{host: backend.default.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}"),
      { mode: "auto" },
    ],
    [
      "not exported, not used",
      rule("b", "istio-system", "{host: '*.local', exportTo: ['.'], trafficPolicy: {tls: {mode: DISABLE}}}"),
      { mode: "auto" },
    ],
    [
      "two rules of one host merge, the first policy counts",
      rule("a", "default", "{host: backend, trafficPolicy: {tls: {mode: DISABLE}}}") +
        rule("b", "default", "{host: backend, trafficPolicy: {tls: {mode: SIMPLE}}}"),
      { mode: "none" },
    ],
    [
      "different exportTo: the last visible one counts",
      rule("a", "default", "{host: backend, exportTo: ['.'], trafficPolicy: {tls: {mode: DISABLE}}}") +
        rule("b", "default", "{host: backend, exportTo: [other], trafficPolicy: {tls: {mode: SIMPLE}}}"),
      { mode: "simple" },
    ],
    [
      "a selector must fit the client",
      rule(
        "a",
        "default",
        "{host: backend, workloadSelector: {matchLabels: {app: other}}, trafficPolicy: {tls: {mode: DISABLE}}}",
      ),
      { mode: "auto" },
    ],
    [
      "and then wins",
      rule(
        "a",
        "default",
        "{host: backend, workloadSelector: {matchLabels: {app: frontend}}, trafficPolicy: {tls: {mode: DISABLE}}}",
      ) + rule("b", "default", "{host: backend, trafficPolicy: {tls: {mode: SIMPLE}}}"),
      { mode: "none" },
    ],
    [
      "credentialName without selector stays plain",
      rule("a", "default", "{host: backend, trafficPolicy: {tls: {mode: SIMPLE, credentialName: x}}}"),
      { mode: "none" },
    ],
  ])("%s", (_name, yaml, wanted) => {
    expect(resolve(yaml)).toMatchObject(wanted);
  });

  it("keeps auto mTLS off when the mesh says so", () => {
    expect(resolve("", { enableAutoMtls: false }).mode).toBe("none");
  });

  it("knows every trust domain of the mesh", () => {
    expect(resolve("", { trustDomain: "td1", trustDomainAliases: ["td2"] })).toMatchObject({
      subjectAltNames: ["spiffe://td1/ns/default/sa/backend", "spiffe://td2/ns/default/sa/backend"],
    });
  });

  it("takes a subset's tls over the rule's, with the subset in the SNI", () => {
    const yaml = rule(
      "a",
      "default",
      "{host: backend, trafficPolicy: {tls: {mode: DISABLE}}, subsets: [{name: v1, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}, {name: v2}]}",
    );
    expect(resolve(yaml, {}, 8080, "v1")).toMatchObject({
      mode: "istio",
      sni: "outbound_.8080_.v1_.backend.default.svc.cluster.local",
    });
    expect(resolve(yaml, {}, 8080, "v2").mode).toBe("none");
  });

  it("is all or nothing for a headless service", () => {
    expect(resolve("", {}, 8080, "", headless(true)).mode).toBe("istio");
    expect(resolve("", {}, 8080, "", headless(false)).mode).toBe("none");
  });

  it("marks endpoints by sidecar, label and PeerAuthentication of their port", () => {
    const mesh = smallMesh(peer("default", "DISABLE"));
    const open = bindClientTls(smallMesh());
    const shut = bindClientTls(mesh);
    const [frontend, backend, , outsider] = mesh.workloads;
    if (frontend === undefined || backend === undefined || outsider === undefined) throw new Error("incomplete mesh");
    expect([
      open.endpointMtls(backend, 8080),
      open.endpointMtls(outsider, 8080),
      shut.endpointMtls(backend, 8080),
      shut.endpointMtls(backend, 8080, true),
    ]).toEqual([true, false, false, true]);
    const opted = { ...backend, labels: { ...backend.labels, "security.istio.io/tlsMode": "disabled" } };
    expect(open.endpointMtls(opted, 8080)).toBe(false);
  });
});
