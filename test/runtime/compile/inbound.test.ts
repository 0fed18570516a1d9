import { describe, expect, it } from "vitest";
import { compileInbound } from "../../../runtime/compile/inbound.ts";
import type { InboundSection } from "../../../runtime/model/snapshot.ts";
import { paperMesh, paperService, paperWorkload, smallMesh } from "../../support/paper-mesh.ts";

function inbound(yaml: string): InboundSection {
  const mesh = smallMesh(yaml);
  const backend = mesh.workloads.find((workload) => workload.name === "backend");
  if (backend === undefined) throw new Error("no backend");
  return compileInbound(mesh, backend);
}

const portLevel = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: backend}
spec:
  selector: {matchLabels: {app: backend}}
  mtls: {mode: STRICT}
  portLevelMtls:
    9000: {mode: DISABLE}
    7000: {mode: PERMISSIVE}
`;

describe("compileInbound", () => {
  it("has one listener per target port, and one for all others", () => {
    const section = inbound("");
    expect(
      section.listeners.map((listener) => [listener.port, listener.protocol, listener.mode, listener.cluster]),
    ).toEqual([
      [8080, "http", "PERMISSIVE", "inbound|8080||"],
      [9000, "tcp", "PERMISSIVE", "inbound|9000||"],
      [9500, "auto", "PERMISSIVE", "inbound|9500||"],
    ]);
    expect(section.passthrough).toMatchObject({
      port: 0,
      protocol: "auto",
      cluster: "InboundPassthroughCluster",
      decorator: ":0/*",
    });
    expect(section.listeners[0]?.decorator).toBe("backend.default.svc.cluster.local:8080/*");
  });

  it("guards ports that only a PeerAuthentication names", () => {
    const section = inbound(portLevel);
    expect(section.listeners.map((listener) => [listener.port, listener.mode, listener.cluster])).toEqual([
      [7000, "PERMISSIVE", "InboundPassthroughCluster"],
      [8080, "STRICT", "inbound|8080||"],
      [9000, "DISABLE", "inbound|9000||"],
      [9500, "STRICT", "inbound|9500||"],
    ]);
    expect(section.passthrough.mode).toBe("STRICT");
    expect(section.listeners[1]?.because).toMatchObject([
      { resource: "PeerAuthentication default/backend", line: 6, field: "spec.mtls.mode" },
    ]);
  });

  it("lets the oldest service decide the protocol of a shared target port", () => {
    const backend = paperWorkload("backend", "10.244.0.3");
    const old = paperService("old", "10.96.0.2", [[80, 8080, "tcp"]], { selector: { app: "backend" }, createdAt: 1 });
    const young = paperService("young", "10.96.0.3", [[80, 8080, "http"]], {
      selector: { app: "backend" },
      createdAt: 2,
    });
    const foreign = paperService("foreign", "10.96.0.4", [[81, 8081, "http"]], {
      selector: { app: "backend" },
      namespace: "other",
    });
    const udp = paperService("dns", "10.96.0.5", [[53, 53, "udp"]], { selector: { app: "backend" } });
    const section = compileInbound(paperMesh({ workloads: [backend], services: [young, old, foreign, udp] }), backend);
    expect(section.listeners.map((listener) => [listener.port, listener.protocol])).toEqual([[8080, "tcp"]]);
  });
});

const policy = (name: string, namespace: string, spec: string): string =>
  `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: ${spec}\n---\n`;

describe("which policies apply", () => {
  it("root and own namespace, by selector, DENY before ALLOW, without targetRefs", () => {
    const { http } = inbound(
      [
        policy("b", "default", "{rules: [{}]}"),
        policy("a", "default", "{selector: {matchLabels: {app: backend}}}"),
        policy("c", "default", "{selector: {matchLabels: {app: frontend}}}"),
        policy("d", "other", "{}"),
        policy("z", "istio-system", "{action: DENY, rules: [{}]}"),
        policy("t", "default", "{targetRefs: [{kind: Service, name: backend, group: ''}], rules: [{}]}"),
      ].join(""),
    );
    expect(http.policies.map((each) => each.id)).toEqual([
      "ns[istio-system]-policy[z]",
      "ns[default]-policy[a]",
      "ns[default]-policy[b]",
    ]);
  });

  it("keeps a rule that TCP can't express, marked", () => {
    const { tcp } = inbound(
      policy("a", "default", "{rules: [{to: [{operation: {methods: [GET], ports: ['9000']}}]}]}"),
    );
    expect(tcp.policies[0]?.rules[0]?.dropped).toContain("HTTP");
  });
});
