import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { indexMesh } from "../../../runtime/compile/mesh-index.ts";
import { compileOutbound } from "../../../runtime/compile/outbound.ts";
import type { VirtualServiceSpec } from "../../../runtime/model/istio-networking.ts";
import type { Mesh, Workload } from "../../../runtime/model/mesh.ts";
import type { OutboundSection, VirtualHost } from "../../../runtime/model/snapshot.ts";
import { bindRouteTable } from "../../../runtime/traffic/virtual-host.ts";
import { mesh, port, service, workload, type MeshParts, type Part } from "./small-mesh.ts";

const frontend = workload("frontend");
const backend = workload("backend", { address: "10.244.1.10", labels: { app: "backend", version: "v1" } });

function compileFor(client: Workload, whole: Mesh, ready: readonly string[] = ["backend"]): OutboundSection {
  return compileOutbound(indexMesh(whole, { ready: new Set(ready) }), client);
}

function compile(parts: Partial<MeshParts>, client: Workload = frontend): OutboundSection {
  const base = { workloads: [frontend, backend], services: [service("backend", [port(8080)])] };
  return compileFor(client, mesh({ ...base, ...parts }));
}

function direct(
  name: string,
  hosts: readonly string[],
  parts: Partial<VirtualServiceSpec> = {},
  namespace = "default",
): Part<VirtualServiceSpec> {
  return { name, namespace, spec: { hosts, http: [{ name, directResponse: { status: 200 } }], ...parts } };
}

/** Names of the routes that a Host meets on a port. */
function routesOf(section: OutboundSection, table: string, authority: string): readonly string[] {
  return hostOf(section, table, authority)?.routes.map(({ name }) => name) ?? [];
}

function hostOf(section: OutboundSection, table: string, authority: string): VirtualHost | undefined {
  return bindRouteTable(section.routes[table] ?? { virtualHosts: [] })(authority);
}

it("a small mesh compiles to what was reviewed", async () => {
  const whole = mesh({
    workloads: [frontend, backend, workload("db", { address: "10.244.1.20", sidecar: false })],
    services: [
      service("backend", [port(8080), port(9500, "auto")]),
      service("db", [port(5432, "tcp")], { address: "10.96.0.11" }),
    ],
    virtualServices: [
      {
        name: "split",
        spec: {
          hosts: ["backend"],
          http: [
            {
              name: "api",
              match: [{ uri: { prefix: "/api" }, headers: { "X-Beta": { exact: "1" } } }],
              rewrite: { uri: "/" },
              timeout: "1.5s",
              retries: { attempts: 3, retryOn: "5xx,409", perTryTimeout: "500ms" },
              fault: { abort: { httpStatus: 503, percentage: { value: 0.5 } } },
              headers: { request: { set: { host: "other", "x-a": "1" } } },
              route: [
                { destination: { host: "backend", subset: "v1" }, weight: 90 },
                { destination: { host: "backend" }, weight: 10 },
              ],
            },
            { route: [{ destination: { host: "backend" } }] },
          ],
        },
      },
    ],
    destinationRules: [
      { name: "subsets", spec: { host: "backend", subsets: [{ name: "v1", labels: { version: "v1" } }] } },
    ],
  });
  const text = `${JSON.stringify(compileFor(frontend, whole), undefined, 2)}\n`;
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, "../../golden/outbound-small.json"));
});

describe("listeners", () => {
  it("HTTP ports share one, others listen on their address", () => {
    const { listeners } = compile({
      services: [
        service("backend", [port(8080), port(9000, "tcp"), port(9500, "auto"), port(53, "udp")]),
        service("second", [port(8080, "grpc")], { address: "10.96.0.11" }),
      ],
    });
    expect(listeners).toEqual([
      { address: "0.0.0.0", port: 8080, protocol: "http", routes: "8080", fallback: undefined },
      {
        address: "10.96.0.10",
        port: 9000,
        protocol: "tcp",
        routes: undefined,
        fallback: "outbound|9000||backend.default.svc.cluster.local",
      },
      {
        address: "10.96.0.10",
        port: 9500,
        protocol: "auto",
        routes: "backend.default.svc.cluster.local:9500",
        fallback: "outbound|9500||backend.default.svc.cluster.local",
      },
    ]);
  });

  it("headless services listen on each endpoint but the caller's own", () => {
    const own = workload("frontend", { labels: { app: "backend" } });
    const services = [service("backend", [port(9000, "tcp")], { address: "None" })];
    const section = compile({ workloads: [own, backend], services }, own);
    expect(section.listeners.map(({ address }) => address)).toEqual(["10.244.1.10"]);
    expect(section.clusters["outbound|9000||backend.default.svc.cluster.local"]?.discovery).toBe(
      "original-destination",
    );
  });
});

describe("names of a service", () => {
  const services = [
    service("backend", [port(8080)]),
    service("other", [port(8080)], { namespace: "shop", address: "10.96.0.12" }),
  ];
  const section = compile({ services });

  it.each([
    ["backend", "outbound|8080||backend.default.svc.cluster.local"],
    ["BACKEND:9999", "outbound|8080||backend.default.svc.cluster.local"],
    ["backend.default", "outbound|8080||backend.default.svc.cluster.local"],
    ["backend.default.svc", "outbound|8080||backend.default.svc.cluster.local"],
    ["backend.default.svc.cluster.local", "outbound|8080||backend.default.svc.cluster.local"],
    ["backend.default.svc.cluster.local.", "outbound|8080||backend.default.svc.cluster.local"],
    ["10.96.0.10", "outbound|8080||backend.default.svc.cluster.local"],
    ["other.shop", "outbound|8080||other.shop.svc.cluster.local"],
    ["other.shop.svc", "outbound|8080||other.shop.svc.cluster.local"],
    ["other", "PassthroughCluster"],
    ["backend.", "PassthroughCluster"],
    ["backend.default.", "PassthroughCluster"],
    ["backend.shop", "PassthroughCluster"],
    ["x.backend", "PassthroughCluster"],
    ["10.244.1.10", "PassthroughCluster"],
    ["", "PassthroughCluster"],
  ])("%j → %s", (authority, cluster) => {
    const action = hostOf(section, "8080", authority)?.routes[0]?.action;
    expect(action?.kind === "clusters" ? action.clusters.map((one) => one.cluster) : []).toEqual([cluster]);
  });

  it("unknown names get a 502 where only the registry is allowed", () => {
    const closed = compile({ config: { outboundTrafficPolicy: "REGISTRY_ONLY" } });
    expect(hostOf(closed, "8080", "nobody")?.routes[0]).toMatchObject({
      name: "block_all",
      action: { kind: "direct", status: 502 },
    });
    expect(Object.keys(closed.clusters)).toContain("BlackHoleCluster");
    expect(Object.keys(closed.clusters)).not.toContain("PassthroughCluster");
  });

  it("pods of a headless service have names of their own", () => {
    const headless = compile({ services: [service("backend", [port(8080)], { address: "None" })] });
    expect(routesOf(headless, "8080", "pod-0.backend")).toEqual(["default"]);
    expect(routesOf(headless, "8080", "pod-0.backend.default.svc.cluster.local")).toEqual(["default"]);
  });

  it("a sniffed service answers to every name in its own table", () => {
    const auto = compile({
      services: [service("backend", [port(9500, "auto")])],
      virtualServices: [direct("vs", ["backend"])],
    });
    expect(routesOf(auto, "backend.default.svc.cluster.local:9500", "anything.example")).toEqual(["vs"]);
  });

  it("knows of a service that is not exported to the client only which pods are behind its VIP", () => {
    const annotations = { "networking.istio.io/exportTo": "~" };
    const { clusters, hidden } = compile({ services: [service("backend", [port(80, "http", 8080)], { annotations })] });
    expect(Object.keys(clusters)).toEqual(["PassthroughCluster"]);
    expect(hidden?.["10.96.0.10:80"]).toMatchObject({
      tls: { mode: "none" },
      endpoints: [{ workload: "backend", address: "10.244.1.10", port: 8080, ready: true }],
    });
    expect(compile({}).hidden).toBeUndefined();
  });

  it("an alias leads to the service it names, and has no cluster", () => {
    const alias = service("alias", [port(8080)], {
      externalName: "backend.default.svc.cluster.local",
      address: "None",
    });
    const hop = service("hop", [port(8080)], { externalName: alias.hostname, address: "None" });
    const loop = service("loop", [port(8080)], { externalName: "loop.default.svc.cluster.local", address: "None" });
    const aliased = compile({ services: [service("backend", [port(8080)]), alias, hop, loop] });
    expect(routesOf(aliased, "8080", "alias")).toEqual(["default"]);
    expect(routesOf(aliased, "8080", "hop.default")).toEqual(["default"]);
    expect(routesOf(aliased, "8080", "loop")).toEqual(["allow_any"]);
    expect(routesOf(aliased, "8080", "x.alias")).toEqual(["allow_any"]);
    expect(Object.keys(aliased.clusters).filter((name) => name.includes("alias"))).toEqual([]);
  });
});

describe("who sees what", () => {
  const shop = workload("shop", { namespace: "shop" });
  const exported = (value: string): OutboundSection =>
    compile(
      {
        services: [
          service("backend", [port(8080)], { annotations: { "networking.istio.io/exportTo": value } }),
          service("anchor", [port(8080)]),
        ],
      },
      shop,
    );

  it.each([
    ["*", true],
    [".", false],
    ["~", false],
    ["shop", true],
    ["., shop", true],
    ["third", false],
  ])("a service exported to %j is seen from shop: %s", (value, seen) => {
    const section = exported(value);
    expect(routesOf(section, "8080", "backend.default")).toEqual([seen ? "default" : "allow_any"]);
    expect(section.clusters["outbound|8080||backend.default.svc.cluster.local"] !== undefined).toBe(seen);
  });

  it.each([
    [undefined, ["*"], "vs"],
    [undefined, ["."], "default"],
    [["."], ["*"], "default"],
    [["*"], ["."], "vs"],
    [[".", "shop"], ["*"], "vs"],
    [["~"], ["*"], "default"],
  ])("a VirtualService exported to %j, by default to %j, is %s", (exportTo, fallback, expected) => {
    const spec = exportTo === undefined ? {} : { exportTo };
    const section = compile(
      { virtualServices: [direct("vs", ["backend"], spec)], config: { defaultVirtualServiceExportTo: fallback } },
      shop,
    );
    expect(routesOf(section, "8080", "backend.default")).toEqual([expected]);
  });
});

describe("which VirtualService owns a host", () => {
  const services = [
    service("backend", [port(8080)]),
    service("second", [port(9090)], { address: "10.96.0.11" }),
    service("web", [port(80)], { address: "10.96.0.13" }),
    service("other", [port(8080)], { namespace: "shop", address: "10.96.0.12" }),
  ];
  const section = (...virtualServices: readonly Part<VirtualServiceSpec>[]): OutboundSection =>
    compile({ services, virtualServices });

  it("the oldest, and they are not merged", () => {
    const both = section(direct("z", ["backend"]), direct("a", ["backend"]));
    expect(routesOf(both, "8080", "backend")).toEqual(["z"]);
  });

  it("private before explicitly exported before public, whatever their age", () => {
    const host = ["other.shop.svc.cluster.local"];
    const open = direct("public", host, {}, "shop");
    const named = direct("named", host, { exportTo: ["default"] }, "third");
    const own = direct("own", host, { exportTo: ["."] });
    expect(routesOf(section(open, named), "8080", "other.shop")).toEqual(["named"]);
    expect(routesOf(section(open, named, own), "8080", "other.shop")).toEqual(["own"]);
    expect(routesOf(section(open, direct("mine", host)), "8080", "other.shop")).toEqual(["public"]);
  });

  it("the most specific host, whatever the order", () => {
    const wild = section(
      direct("local", ["*.local"]),
      direct("ns", ["*.default.svc.cluster.local"]),
      direct("exact", ["backend"]),
    );
    expect(routesOf(wild, "8080", "backend")).toEqual(["exact"]);
    expect(routesOf(wild, "9090", "second")).toEqual(["ns"]);
    expect(routesOf(wild, "8080", "other.shop")).toEqual(["local"]);
  });

  it("none that names another gateway only", () => {
    expect(routesOf(section(direct("gw", ["backend"], { gateways: ["my-gw"] })), "8080", "backend")).toEqual([
      "default",
    ]);
    expect(routesOf(section(direct("gw", ["backend"], { gateways: ["my-gw", "mesh"] })), "8080", "backend")).toEqual([
      "gw",
    ]);
  });

  it("a name with a dot is literal: not the service, except on port 80 where any name may be given", () => {
    const dotted = section(direct("vs", ["backend.default"]), direct("lit", ["web.default"]));
    expect(routesOf(dotted, "8080", "backend.default")).toEqual(["default"]);
    expect(routesOf(dotted, "80", "web.default")).toEqual(["lit"]);
    expect(routesOf(dotted, "80", "web")).toEqual(["default"]);
    expect(routesOf(dotted, "80", "web.default.svc")).toEqual(["default"]);
  });

  it("a host outside the registry answers on port 80, or beside a service that is known", () => {
    const ghost = section(
      direct("ghost", ["ghost.example", "*.wild.example"]),
      direct("pair", ["ghost.two", "backend"]),
    );
    expect(routesOf(ghost, "80", "ghost.example")).toEqual(["ghost"]);
    expect(routesOf(ghost, "80", "a.b.wild.example")).toEqual(["ghost"]);
    expect(routesOf(ghost, "80", "wild.example")).toEqual(["allow_any"]);
    expect(routesOf(ghost, "8080", "ghost.example")).toEqual(["allow_any"]);
    expect(routesOf(ghost, "8080", "ghost.two")).toEqual(["pair"]);
    expect(routesOf(ghost, "9090", "ghost.two")).toEqual(["allow_any"]);
  });

  it("one whose rules all fail on a port leaves the default route there", () => {
    const spec = { http: [{ name: "p9090", match: [{ port: 9090 }], directResponse: { status: 200 } }] };
    const ported = compile({
      services: [service("backend", [port(8080), port(9090)])],
      virtualServices: [direct("vs", ["backend"], spec)],
    });
    expect(routesOf(ported, "9090", "backend")).toEqual(["p9090"]);
    expect(routesOf(ported, "8080", "backend")).toEqual(["default"]);
  });
});

describe("clusters", () => {
  const name = "outbound|8080||backend.default.svc.cluster.local";
  const v2 = workload("backend-2", {
    address: "10.244.1.11",
    labels: { app: "backend", version: "v2" },
    sidecar: false,
  });

  it("list every endpoint and say which are ready and speak mutual TLS", () => {
    const cluster = compile({ workloads: [frontend, backend, v2] }).clusters[name];
    expect(cluster?.endpoints).toEqual([
      { workload: "backend", address: "10.244.1.10", port: 8080, ready: true, mtls: true },
      { workload: "backend-2", address: "10.244.1.11", port: 8080, ready: false, mtls: false },
    ]);
    expect(cluster?.connectTimeoutMs).toBe(10_000);
  });

  it("exist for subsets of the rule that the client obeys, with the endpoints whose labels fit", () => {
    const subsets = [
      { name: "v1", labels: { version: "v1" } },
      { name: "v9", labels: { version: "v9" } },
      { name: "all" },
    ];
    const section = compile({
      workloads: [frontend, backend, v2],
      destinationRules: [{ spec: { host: "backend", subsets } }],
    });
    const endpoints = (subset: string): readonly string[] | undefined =>
      section.clusters[`outbound|8080|${subset}|backend.default.svc.cluster.local`]?.endpoints.map(
        ({ workload: id }) => id,
      );
    expect(endpoints("v1")).toEqual(["backend"]);
    expect(endpoints("v9")).toEqual([]);
    expect(endpoints("all")).toEqual(["backend", "backend-2"]);
    expect(endpoints("none")).toBeUndefined();
  });

  it("take the mesh's connect timeout", () => {
    expect(compile({ config: { raw: { connectTimeout: "3s" } } }).clusters[name]?.connectTimeoutMs).toBe(3000);
  });

  it("are empty for a service without selector", () => {
    expect(
      compile({ services: [service("backend", [port(8080)], { selector: {} })] }).clusters[name]?.endpoints,
    ).toEqual([]);
  });
});

describe("sharing", () => {
  it("gives clients that no rule tells apart the same section", () => {
    const index = indexMesh(mesh({ workloads: [frontend, backend], services: [service("backend", [port(8080)])] }), {
      ready: new Set(),
    });
    expect(compileOutbound(index, frontend)).toBe(compileOutbound(index, backend));
    expect(compileOutbound(index, workload("x", { namespace: "shop" }))).not.toBe(compileOutbound(index, frontend));
  });

  it("but not where labels of the caller matter", () => {
    const http = [{ name: "front", match: [{ sourceLabels: { app: "frontend" } }], directResponse: { status: 200 } }];
    const parts = {
      workloads: [frontend, backend],
      services: [service("backend", [port(8080)])],
      virtualServices: [direct("vs", ["backend"], { http })],
    };
    const index = indexMesh(mesh(parts), { ready: new Set() });
    expect(routesOf(compileOutbound(index, frontend), "8080", "backend")).toEqual(["front"]);
    expect(routesOf(compileOutbound(index, backend), "8080", "backend")).toEqual(["default"]);
  });
});
