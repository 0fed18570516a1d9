import { defaultOutboundOptions } from "../../../runtime/traffic/http-options.ts";
import { describe, expect, it } from "vitest";
import type { OutboundListener, OutboundSection, Route } from "../../../runtime/model/snapshot.ts";
import { bindListeners, fallbackCluster, selectListener } from "../../../runtime/traffic/listener.ts";
import {
  bindOutbound,
  editForTry,
  type OutboundPlan,
  type OutboundRequest,
} from "../../../runtime/traffic/outbound-plan.ts";
import { defaultRetryPolicy } from "../../../runtime/traffic/retry.ts";
import { reader, route } from "./request.ts";

const http: OutboundListener = {
  address: "0.0.0.0",
  port: 8080,
  protocol: "http",
  routes: "8080",
  fallback: undefined,
  tcp: undefined,
};
const tcp: OutboundListener = {
  address: "10.96.0.9",
  port: 8080,
  protocol: "tcp",
  routes: undefined,
  fallback: "outbound|8080||db",
  tcp: undefined,
};

function section(routes: readonly Route[], mode: OutboundSection["mode"] = "ALLOW_ANY"): OutboundSection {
  return {
    mode,
    options: defaultOutboundOptions,
    listeners: [http, tcp],
    routes: { "8080": { name: "8080", virtualHosts: [{ name: "backend:8080", domains: ["backend"], routes }] } },
    clusters: {
      c: {
        name: "c",
        host: "backend",
        port: 8080,
        subset: "",
        protocol: "http",
        http: "http1",
        discovery: "endpoints",
        endpoints: [],
        tls: { mode: "none" },
        connectTimeoutMs: 10_000,
        maxRequests: undefined,
        because: [],
      },
    },
  };
}

function asked(path: string, parts: Partial<OutboundRequest> = {}): OutboundRequest {
  return {
    method: "GET",
    authority: "backend:8080",
    path,
    header: reader(),
    requestId: "uuid",
    upgrade: undefined,
    remoteAddress: "10.244.0.10:4444",
    localAddress: "10.96.0.10:8080",
    localPort: 8080,
    protocol: "HTTP/1.1",
    ...parts,
  };
}

function plan(routes: readonly Route[], request: OutboundRequest, draw = 0.5): OutboundPlan {
  return bindOutbound(section(routes)).plan(http, request, () => draw);
}

function forwarded(routes: readonly Route[], request: OutboundRequest): Extract<OutboundPlan, { kind: "forward" }> {
  const result = plan(routes, request);
  if (result.kind !== "forward") throw new Error(`answered ${result.reply.details}`);
  return result;
}

function present(name: string): Route["match"]["headers"] {
  return [{ name, match: { kind: "present" }, inverted: false }];
}

/** Status, details, flags and cluster of a reply. */
function details(routes: readonly Route[], request: OutboundRequest): readonly unknown[] {
  const result = plan(routes, request);
  return result.kind === "reply"
    ? [result.reply.status, result.reply.details, result.reply.flags.join(","), result.clusterName]
    : [];
}

function to(cluster: string, parts: Partial<Route> = {}): Route {
  const destination = {
    cluster,
    weight: 1,
    headers: { request: undefined, response: undefined },
    hostRewrite: undefined,
  };
  return route("r", slash, { action: { kind: "clusters", weighted: false, clusters: [destination] }, ...parts });
}

const slash = { path: { kind: "prefix", value: "/" } } as const;

describe("listeners", () => {
  it("an address of its own beats the shared one", () => {
    const find = bindListeners(section([]));
    expect(find("10.96.0.9", 8080)).toBe(tcp);
    expect(find("10.96.0.10", 8080)).toBe(http);
    expect(find("10.96.0.10", 81)).toBeUndefined();
    expect(selectListener(section([]), "10.96.0.9", 8080)).toBe(tcp);
  });

  it("what no listener claims passes, or vanishes", () => {
    expect(fallbackCluster(section([]), tcp)).toBe("outbound|8080||db");
    expect(fallbackCluster(section([]), http)).toBe("PassthroughCluster");
    expect(bindOutbound(section([], "REGISTRY_ONLY")).tcp(undefined, "10.0.0.1", undefined)).toEqual([
      { cluster: "BlackHoleCluster", weight: 1 },
    ]);
  });
});

describe("a plan that forwards", () => {
  it("carries the headers that were recorded, in Envoy's order", () => {
    const { requestEdit, authority, path, retry, timeouts } = forwarded(
      [route("default", {}, { decorator: "backend:8080/*", retry: defaultRetryPolicy })],
      asked("/x?q"),
    );
    expect(requestEdit.add).toEqual([
      ["x-forwarded-proto", "http"],
      ["x-request-id", "uuid"],
      ["x-envoy-decorator-operation", "backend:8080/*"],
      ["x-envoy-attempt-count", "1"],
    ]);
    expect([authority, path, retry]).toEqual(["backend:8080", "/x?q", defaultRetryPolicy]);
    expect(timeouts.routeMs).toBeUndefined();
  });

  it("rewrites after the operations have read the request as it was", () => {
    const rewriting = route(
      "x",
      { path: { kind: "prefix", value: "/a" } },
      {
        rewrite: { path: "/b", host: "n.example", regex: undefined },
        headers: {
          request: {
            set: {
              "x-path": "%REQ(:PATH)%",
              "x-host": "%REQ(:AUTHORITY)%",
              "x-orig": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
            },
          },
          response: undefined,
        },
      },
    );
    const result = forwarded([rewriting], asked("/a/z?q"));
    expect([result.authority, result.path, result.originalPath]).toEqual(["n.example", "/b/z?q", "/a/z?q"]);
    expect(Object.fromEntries(result.requestEdit.add)).toMatchObject({
      "x-path": "/a/z?q",
      "x-host": "backend:8080",
      "x-orig": "/a/z?q",
      "x-envoy-original-path": "/a/z?q",
      "x-envoy-original-host": "backend:8080",
    });
  });

  it("leaves no original host when only the destination renames it", () => {
    const weighted = route(
      "w",
      {},
      {
        action: {
          kind: "clusters",
          weighted: true,
          clusters: [
            { cluster: "c", weight: 1, headers: { request: undefined, response: undefined }, hostRewrite: "d.example" },
          ],
        },
      },
    );
    const result = forwarded([weighted], asked("/"));
    expect(result.authority).toBe("d.example");
    expect(result.requestEdit.add.map(([name]) => name)).not.toContain("x-envoy-original-host");
  });

  it("numbers later tries and tells them what time is left", () => {
    const limited = route("t", {}, { timeoutMs: 500, retry: { ...defaultRetryPolicy, perTryTimeoutMs: 200 } });
    const first = forwarded([limited], asked("/"));
    expect(editForTry(first, 1, 0)).toBe(first.requestEdit);
    expect(Object.fromEntries(first.requestEdit.add)).toMatchObject({
      "x-envoy-attempt-count": "1",
      "x-envoy-expected-rq-timeout-ms": "200",
    });
    expect(Object.fromEntries(editForTry(first, 3, 412).add)).toMatchObject({
      "x-envoy-attempt-count": "3",
      "x-envoy-expected-rq-timeout-ms": "88",
    });
    expect(Object.fromEntries(first.requestEdit.add)["x-envoy-attempt-count"]).toBe("1");
  });

  it("conditions see what the proxy itself has changed", () => {
    const routes = [
      route("stripped", { headers: present("x-envoy-max-retries") }),
      route("cert", { headers: present("x-forwarded-client-cert") }),
      route("id", { headers: present("x-request-id"), path: { kind: "exact", value: "/id" } }),
      route("https", { scheme: { kind: "exact", value: "https" } }),
      route("rest", {}),
    ];
    const header = reader({ "x-envoy-max-retries": "3", "x-forwarded-client-cert": "By=x" });
    expect(plan(routes, asked("/", { header })).route?.name).toBe("rest");
    expect(plan(routes, asked("/id")).route?.name).toBe("id");
    expect(plan(routes, asked("/", { header: reader({ "x-forwarded-proto": "https" }) })).route?.name).toBe("https");
  });

  it("a websocket stays an upgrade, h2c does not", () => {
    expect(forwarded([route("r", {})], asked("/", { upgrade: "websocket" })).upgrade).toBe("websocket");
    expect(forwarded([route("r", {})], asked("/", { upgrade: "h2c" })).upgrade).toBeUndefined();
  });

  it("gRPC gets its deadline rewritten", () => {
    const header = reader({ "content-type": "application/grpc", "grpc-timeout": "2S" });
    const result = forwarded([route("g", {}, { timeoutMs: 500 })], asked("/", { header }));
    expect(Object.fromEntries(result.requestEdit.add)["grpc-timeout"]).toBe("500m");
    expect(result.requestEdit.remove.has("grpc-timeout")).toBe(true);
  });
});

describe("a plan that answers", () => {
  const abort = { delay: undefined, abort: { status: 503, grpcStatus: undefined, millionths: 1_000_000 } };
  const delay = { ms: 100, millionths: 1_000_000 };

  it.each<[string, readonly Route[], OutboundRequest, readonly unknown[]]>([
    ["no host", [], asked("/", { authority: "nobody" }), [404, "route_not_found", "NR", undefined]],
    [
      "no route",
      [route("a", { path: { kind: "exact", value: "/a" } })],
      asked("/b"),
      [404, "route_not_found", "NR", undefined],
    ],
    ["CONNECT", [to("c")], asked("", { method: "CONNECT" }), [404, "route_not_found", "NR", undefined]],
    ["no cluster", [to("none")], asked("/"), [503, "cluster_not_found", "NC", undefined]],
    [
      "no cluster, late",
      [to("none", { fault: { delay, abort: undefined } })],
      asked("/"),
      [503, "cluster_not_found", "DI,NC", undefined],
    ],
    ["abort", [to("c", { fault: abort })], asked("/"), [503, "fault_filter_abort", "FI", "c"]],
    [
      "abort before the missing cluster",
      [to("none", { fault: abort })],
      asked("/"),
      [503, "fault_filter_abort", "FI", "none"],
    ],
    [
      "abort after a delay",
      [to("c", { fault: { ...abort, delay } })],
      asked("/"),
      [503, "fault_filter_abort", "DI,FI", "c"],
    ],
    ["upgrade", [to("c")], asked("/", { upgrade: "mystery" }), [403, "upgrade_failed", "", "c"]],
    [
      "direct",
      [route("d", {}, { action: { kind: "direct", status: 418, body: "tea" } })],
      asked("/"),
      [418, "direct_response", "", undefined],
    ],
  ])("%s", (_, routes, request, expected) => {
    expect(details(routes, request)).toEqual(expected);
  });

  it("waits before it aborts, and carries the route's response operations", () => {
    const result = plan(
      [to("c", { fault: { ...abort, delay }, headers: { request: undefined, response: { set: { "x-r": "1" } } } })],
      asked("/"),
    );
    expect(result.delayMs).toBe(100);
    expect(result.responsePhases).toHaveLength(1);
  });

  it("a gRPC abort keeps its status", () => {
    const fault = { delay: undefined, abort: { status: 200, grpcStatus: 14, millionths: 1_000_000 } };
    expect(plan([to("c", { fault })], asked("/"))).toMatchObject({ reply: { grpcStatus: 14 } });
  });

  it("redirects, with the prefix replaced where the rule says so", () => {
    const base = {
      kind: "redirect",
      status: 302,
      scheme: undefined,
      host: undefined,
      port: undefined,
      path: undefined,
    } as const;
    const match = { path: { kind: "prefix", value: "/old" } } as const;
    const moved = plan([route("m", match, { action: { ...base, prefixRewrite: "/new" } })], asked("/oldish?q"));
    expect(moved).toMatchObject({
      reply: { status: 302, headers: [["location", "http://backend:8080/newish?q"]] },
      path: "/newish?q",
      originalPath: "/oldish?q",
    });
    const plain = plan(
      [route("m", match, { action: { ...base, path: "/x", prefixRewrite: undefined } })],
      asked("/old?q"),
    );
    expect(plain).toMatchObject({
      reply: { headers: [["location", "http://backend:8080/x?q"]] },
      originalPath: undefined,
    });
  });

  it("remembers what it has bound", () => {
    const bound = bindOutbound(section([to("c")]));
    expect(bound.plan(http, asked("/"), () => 0).kind).toBe("forward");
    expect(bound.plan(http, asked("/"), () => 0).kind).toBe("forward");
    expect(bound.plan(tcp, asked("/"), () => 0).kind).toBe("reply");
  });
});
