import { describe, expect, it } from "vitest";
import { accessChanges, type AccessChanges } from "../../../runtime/access/changes.ts";
import { accessMatrix, type MatrixPort } from "../../../runtime/access/matrix.ts";
import { compile } from "../../../runtime/compile/compile.ts";
import type { ProxySnapshot } from "../../../runtime/model/snapshot.ts";
import { paperMesh, paperService, paperWorkload, smallMesh } from "../../support/paper-mesh.ts";

function snapshotsOf(yaml: string): readonly ProxySnapshot[] {
  return [...compile(smallMesh(yaml), { ready: new Set() }).values()];
}

function backend(yaml: string, port = 8080): MatrixPort {
  const found = accessMatrix({ snapshots: snapshotsOf(yaml), to: ({ proxy }) => proxy === "backend" }).ports;
  const wanted = found.find((each) => each.port === port);
  if (wanted === undefined) throw new Error(`no port ${port}`);
  return wanted;
}

function callers({ layers: [layer] }: MatrixPort): readonly string[] {
  return (layer?.callers ?? []).map(({ workloads, text, arrival, access }) =>
    [workloads.length > 0 ? workloads.join() : text, arrival.kind, access].join(" "),
  );
}

const peer = (mode: string): string => `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: mode}
spec: {mtls: {mode: ${mode}}}
---
`;

const client = (mode: string): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: client}
spec: {host: backend, trafficPolicy: {tls: {mode: ${mode}}}}
---
`;

const allow = (source: string, methods = "GET"): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: allow}
spec:
  selector: {matchLabels: {app: backend}}
  rules: [{from: [{source: {${source}}}], to: [{operation: {methods: [${methods}]}}]}]
---
`;

describe("accessMatrix", () => {
  it("tells workloads, plaintext, identities that nobody has, and all others", () => {
    expect(
      callers(
        backend(
          peer("STRICT") + allow("principals: [cluster.local/ns/default/sa/frontend, cluster.local/ns/x/sa/ghost]"),
        ),
      ),
    ).toEqual([
      "frontend mutual partly",
      "intruder.other mutual deny",
      "plaintext plaintext deny",
      "cluster.local/ns/x/sa/ghost mutual partly",
      "any other identity mutual deny",
    ]);
  });

  it("follows how the client's connections arrive", () => {
    const policy = allow("principals: ['*']", "'*'");
    const frontend = (yaml: string): string | undefined =>
      callers(backend(yaml)).find((each) => each.startsWith("frontend"));
    expect(frontend(policy)).toBe("frontend mutual allow");
    expect(frontend(policy + peer("DISABLE"))).toBe("frontend plaintext deny");
    expect(frontend(policy + client("DISABLE"))).toBe("frontend plaintext deny");
    expect(frontend(policy + client("SIMPLE"))).toBe("frontend foreign-tls deny");
    expect(frontend(policy + client("ISTIO_MUTUAL"))).toBe("frontend mutual allow");
    expect(callers(backend(policy + peer("DISABLE")))).toEqual([
      "frontend plaintext deny",
      "intruder.other plaintext deny",
      "plaintext plaintext deny",
    ]);
  });

  it("takes replicas for one, and tells requests and connections apart where both may come", () => {
    const mesh = paperMesh({
      workloads: ["a-1", "a-2"].map((name, at) =>
        paperWorkload(name, `10.244.0.${at + 2}`, { labels: { app: "a" }, serviceAccount: "a" }),
      ),
      services: [paperService("a", "10.96.0.2", [[9500, 9500, "auto"]])],
    });
    const { ports } = accessMatrix({ snapshots: [...compile(mesh, { ready: new Set() }).values()] });
    expect(
      ports.map(({ workloads, service, layers }) => [workloads, service, layers.map(({ layer }) => layer)]),
    ).toEqual([[["a-1", "a-2"], { host: "a.default.svc.cluster.local", port: 9500 }, ["http", "tcp"]]]);
  });
});

function changes(before: string, after: string): AccessChanges {
  return accessChanges(snapshotsOf(before), snapshotsOf(after));
}

describe("accessChanges", () => {
  it("says nothing of what stays", () => {
    const yaml = peer("STRICT") + allow("namespaces: [default]");
    expect(changes(yaml, yaml)).toEqual({ ports: [], added: [], removed: [] });
    // Written otherwise, meant alike: every class keeps its verdict and its rule.
    expect(changes(yaml, yaml.replace("[GET]", "[GET, GET]")).ports).toEqual([]);
  });

  it("divides by both sides", () => {
    const { ports } = changes(allow("namespaces: [default]"), allow("namespaces: [default, other]", "GET, PUT"));
    expect(
      ports.flatMap(({ port, classes }) =>
        classes.map(({ conditions, outcomes }) => [
          port,
          ...conditions.map(({ text }) => text),
          ...outcomes.map(({ verdict }) => verdict),
        ]),
      ),
    ).toEqual(
      [8080, 9500].flatMap((port) => [
        [port, "ns other", "GET, PUT", "deny", "allow"],
        [port, "ns default", "PUT", "deny", "allow"],
      ]),
    );
  });

  it("tells modes and connections", () => {
    const { ports } = changes(peer("STRICT"), peer("DISABLE"));
    const [http] = ports.filter(({ port, workloads }) => port === 8080 && workloads.includes("backend"));
    expect(http?.modes).toMatchObject({ before: { mode: "STRICT" }, after: { mode: "DISABLE" } });
    expect(
      http?.classes.map(({ conditions: [condition], outcomes }) => [
        condition?.text,
        ...outcomes.map(({ reason }) => reason),
      ]),
    ).toEqual([["plaintext", "tls", "no-policy"]]);
    expect(http?.arrivals.map(({ workload, before, after }) => [workload, before.kind, after.kind])).toEqual([
      ["frontend", "mutual", "plaintext"],
      ["intruder.other", "mutual", "plaintext"],
    ]);
    const moved = changes("", client("DISABLE")).ports;
    expect(
      moved.map(({ port, classes, arrivals }) => [port, classes.length, arrivals[0]?.after.because[0]?.field]),
    ).toContainEqual([8080, 0, "spec.trafficPolicy.tls.mode"]);
  });

  it("says what it does not compare", () => {
    const versions = ["BASE", "NONE"].map((normalization) => [
      ...compile(smallMesh("", { pathNormalization: { normalization } }), { ready: new Set() }).values(),
    ]);
    const { ports } = accessChanges(versions[0] ?? [], versions[1] ?? []);
    expect(ports.find(({ port }) => port === 8080)?.cut).toEqual([
      "path normalization differs (BASE, NONE): paths are compared as policies see them",
    ]);
  });

  it("knows ports and workloads that come and go", () => {
    const two = snapshotsOf("");
    const one = two.filter(({ proxy }) => proxy !== "frontend");
    expect(accessChanges(two, one)).toMatchObject({ added: [], removed: ["frontend"] });
    const fewer = one.map((each) =>
      each.proxy === "backend"
        ? { ...each, inbound: { ...each.inbound, listeners: each.inbound.listeners.slice(1) } }
        : each,
    );
    expect(accessChanges(fewer, one).added).toEqual(["backend:8080"]);
  });
});
