import { describe, expect, it } from "vitest";
import { parseDuration } from "../../../runtime/compile/duration.ts";
import { isVisible, parseExportTo } from "../../../runtime/compile/export-to.ts";
import { covers, resolveHost } from "../../../runtime/compile/hostname.ts";
import { compileFault, compileRetry } from "../../../runtime/compile/resilience.ts";
import { compileRoutes } from "../../../runtime/compile/routes.ts";
import type {
  Headers,
  HttpMatchRequest,
  HttpRoute,
  HttpRouteDestination,
} from "../../../runtime/model/istio-networking.ts";
import type { Route, RouteAction } from "../../../runtime/model/snapshot.ts";
import { defaultRetryPolicy } from "../../../runtime/traffic/retry.ts";
import { mesh, port, service, workload } from "./small-mesh.ts";

const backend = service("backend", [port(8080)]);
const alias = service("alias", [port(8080)], { externalName: "backend.default.svc.cluster.local" });
const client = workload("frontend", { labels: { app: "frontend", tier: "web" } });

function compile(http: readonly HttpRoute[], listener = 8080): readonly Route[] {
  const whole = mesh({
    workloads: [],
    services: [],
    virtualServices: [{ name: "vs", spec: { hosts: ["backend"], http } }],
  });
  const [resource] = whole.policies.virtualServices;
  if (resource === undefined) throw new Error("no VirtualService");
  const services = new Map([backend, alias].map((one) => [one.hostname, one]));
  return compileRoutes(resource, { mesh: whole, client, port: listener, services });
}

function one(rule: HttpRoute): Route {
  const [route] = compile([rule]);
  if (route === undefined) throw new Error("no route");
  return route;
}

const to = (host: string, parts: object = {}): readonly HttpRouteDestination[] => [{ destination: { host, ...parts } }];
const answer = { directResponse: { status: 200 } };

function clustersOf(action: RouteAction): readonly string[] {
  return action.kind === "clusters" ? action.clusters.map(({ cluster }) => cluster) : [];
}

function names(match: HttpMatchRequest): readonly string[] {
  return compile([{ name: "m", match: [match], ...answer }]).map(({ name }) => name);
}

function hostHeader(host: string): Headers {
  return { request: { set: { Host: host } } };
}

function answerOf(body: { readonly string?: string; readonly bytes?: string }): RouteAction {
  return one({ directResponse: { status: 200, body } }).action;
}

describe("which rules a client gets", () => {
  it.each<[HttpMatchRequest, boolean]>([
    [{ port: 8080 }, true],
    [{ port: 0 }, true],
    [{ port: 9090 }, false],
    [{ sourceLabels: { app: "frontend" } }, true],
    [{ sourceLabels: { app: "frontend", tier: "db" } }, false],
    [{ sourceNamespace: "default" }, true],
    [{ sourceNamespace: "shop" }, false],
    [{ gateways: ["mesh"], sourceLabels: { app: "nobody" } }, true],
    [{ gateways: ["my-gw"] }, false],
  ])("%j: %s", (match, kept) => {
    expect(names(match)).toEqual(kept ? ["m"] : []);
  });

  it("one route per match entry, named after both", () => {
    const match = [{ name: "a", uri: { exact: "/1" } }, { uri: { exact: "/2" } }];
    expect(compile([{ name: "r", match, ...answer }]).map(({ name }) => name)).toEqual(["r.a", "r"]);
    expect(compile([{ match, ...answer }]).map(({ name }) => name)).toEqual([".a", ""]);
  });

  it.each<[HttpMatchRequest | undefined, boolean]>([
    [undefined, true],
    [{}, true],
    [{ uri: { prefix: "/" } }, true],
    [{ uri: { regex: ".*" } }, true],
    [{ uri: { prefix: "/a" } }, false],
    [{ uri: { prefix: "/" }, headers: { x: { exact: "1" } } }, false],
    [{ method: { exact: "PUT" } }, false],
    [{ queryParams: { q: {} } }, false],
  ])("nothing follows a catch-all: %j ends the list: %s", (match, ends) => {
    const rules = [
      { name: "first", ...(match === undefined ? {} : { match: [match] }), ...answer },
      { name: "last", ...answer },
    ];
    expect(compile(rules).map(({ name }) => name)).toEqual(ends ? ["first"] : ["first", "last"]);
  });

  it("an item that delegates is left out", () => {
    expect(
      compile([
        { name: "d", delegate: { name: "x" } },
        { name: "rest", ...answer },
      ]).map(({ name }) => name),
    ).toEqual(["rest"]);
  });
});

it("conditions keep their meaning", () => {
  const match: HttpMatchRequest = {
    uri: { prefix: "/A" },
    ignoreUriCase: true,
    method: { exact: "GET" },
    headers: { "X-H": {}, "x-r": { regex: "a+" } },
    withoutHeaders: { "X-W": { prefix: "p" } },
    queryParams: { q: { exact: "1" } },
  };
  expect(one({ match: [match], ...answer }).match).toEqual({
    path: { kind: "prefix", value: "/A", ignoreCase: true },
    method: { kind: "exact", value: "GET" },
    authority: undefined,
    scheme: undefined,
    headers: [
      { name: "x-h", match: { kind: "present" }, inverted: false },
      { name: "x-r", match: { kind: "regex", source: "a+" }, inverted: false },
      { name: "x-w", match: { kind: "prefix", value: "p" }, inverted: true },
    ],
    queryParams: [{ name: "q", match: { kind: "exact", value: "1" } }],
  });
});

describe("destinations", () => {
  it.each([
    ["backend", {}, "outbound|8080||backend.default.svc.cluster.local"],
    ["backend", { port: { number: 9091 }, subset: "v1" }, "outbound|9091|v1|backend.default.svc.cluster.local"],
    ["second", {}, "outbound|8080||second.default.svc.cluster.local"],
    ["other.shop", {}, "outbound|8080||other.shop"],
    ["alias", {}, "outbound|8080||backend.default.svc.cluster.local"],
  ])("%s %j → %s", (host, parts, cluster) => {
    expect(clustersOf(one({ route: to(host, parts) }).action)).toEqual([cluster]);
  });

  it("an alias without the listener's port is not followed", () => {
    const whole = mesh({
      workloads: [],
      services: [],
      virtualServices: [{ spec: { hosts: ["x"], http: [{ route: to("alias", { port: { number: 8080 } }) }] } }],
    });
    const [resource] = whole.policies.virtualServices;
    const [route] =
      resource === undefined ? [] : compileRoutes(resource, { mesh: whole, client, port: 9090, services: new Map() });
    expect(route === undefined ? [] : clustersOf(route.action)).toEqual([
      "outbound|8080||alias.default.svc.cluster.local",
    ]);
  });

  it("a weight of 0 counts only beside others", () => {
    expect(clustersOf(one({ route: [{ destination: { host: "backend" }, weight: 0 }] }).action)).toHaveLength(1);
    const route = [
      { destination: { host: "backend", subset: "v1" }, weight: 100 },
      { destination: { host: "backend", subset: "v2" }, weight: 0 },
    ];
    const { action, decorator } = one({ route });
    expect(clustersOf(action)).toEqual(["outbound|8080|v1|backend.default.svc.cluster.local"]);
    expect(action).toMatchObject({ weighted: true });
    expect(decorator).toBe("vs:8080/*");
  });

  it.each<[HttpMatchRequest, string]>([
    [{}, "/*"],
    [{ uri: { prefix: "/a" } }, "/a*"],
    [{ uri: { exact: "/a" } }, "/a"],
    [{ uri: { regex: "/a.+" } }, "/a.+"],
  ])("the operation shows the path condition: %j", (match, glob) => {
    expect(one({ match: [match], route: to("backend") }).decorator).toBe(
      `backend.default.svc.cluster.local:8080${glob}`,
    );
  });
});

describe("host rewrites", () => {
  it.each<[string, HttpRoute, string | undefined]>([
    [
      "rewrite.authority",
      { rewrite: { authority: "a" }, headers: { request: { add: { "x-a": "1" } } }, route: to("backend") },
      "a",
    ],
    ["a host among the headers", { headers: { request: { set: { Host: "h" } } }, route: to("backend") }, "h"],
    [
      "set before add",
      { headers: { request: { add: { ":authority": "b" }, set: { host: "a" } } }, route: to("backend") },
      "a",
    ],
    [
      "a single destination",
      { route: [{ destination: { host: "backend" }, headers: { request: { set: { host: "d" } } } }] },
      "d",
    ],
    ["nothing", { route: to("backend") }, undefined],
  ])("%s", (_, rule, host) => {
    expect(one(rule).rewrite?.host).toBe(host);
  });

  it("the route beats its destination, and one of several keeps its own", () => {
    const destination = { destination: { host: "backend" }, weight: 1, headers: { request: { set: { host: "d" } } } };
    expect(one({ headers: hostHeader("r"), route: [destination] }).rewrite?.host).toBe("r");
    const both = one({ route: [destination, { destination: { host: "backend" }, weight: 1 }] });
    expect(both.rewrite).toBeUndefined();
    expect(both.action).toMatchObject({ clusters: [{ hostRewrite: "d" }, { hostRewrite: undefined }] });
  });
});

describe("answers without upstream", () => {
  it.each([
    [{}, { status: 301 }],
    [{ redirectCode: 308 }, { status: 308 }],
    [{ port: 80 }, { port: undefined }],
    [{ port: 443, scheme: "https" }, { port: undefined }],
    [{ port: 443 }, { port: 443 }],
    [{ derivePort: "FROM_REQUEST_PORT" }, { port: 8080 }],
    [{ derivePort: "FROM_PROTOCOL_DEFAULT" }, { port: undefined }],
    [{ authority: "" }, { host: undefined }],
  ])("redirect %j", (redirect, expected) => {
    expect(one({ redirect: { uri: "/x", ...redirect } }).action).toMatchObject({
      kind: "redirect",
      path: "/x",
      ...expected,
    });
  });

  it("a redirect code that Istio does not translate leads nowhere", () => {
    expect(one({ redirect: { uri: "/x", redirectCode: 304 } }).action).toMatchObject({ kind: "direct", status: 500 });
  });

  it("a body is text or base64", () => {
    expect(answerOf({ string: "hi" })).toMatchObject({ body: "hi" });
    expect(answerOf({ bytes: "aGk=" })).toMatchObject({ body: "hi" });
  });
});

describe("retries", () => {
  it("are the default, the mesh's or the route's own", () => {
    expect(compileRetry(undefined, undefined)).toBe(defaultRetryPolicy);
    expect(compileRetry(undefined, { attempts: 1, retryOn: "503" })).toMatchObject({
      attempts: 1,
      on: ["retriable-status-codes"],
      statuses: [503],
    });
    expect(compileRetry({ attempts: 4 }, { attempts: 1 })).toMatchObject({ attempts: 4, on: defaultRetryPolicy.on });
    expect(compileRetry({ attempts: 0 }, undefined)).toBeUndefined();
    expect(compileRetry({}, undefined)).toBeUndefined();
  });

  it("keep tokens and status codes apart", () => {
    expect(
      compileRetry(
        { attempts: 1, retryOn: "5xx,409,retriable-status-codes", backoff: "5ms", perTryTimeout: "2s" },
        undefined,
      ),
    ).toEqual({
      attempts: 1,
      on: ["5xx", "retriable-status-codes"],
      statuses: [409],
      backoffMs: 5,
      perTryTimeoutMs: 2000,
    });
  });
});

describe("faults", () => {
  it.each([
    [{ value: 100 }, 1_000_000],
    [{ value: 0.0001 }, 1],
    [{ value: 0.00009 }, 0],
    [{ value: 0 }, 0],
    [undefined, 0],
  ])("%j is %i millionths", (percentage, millionths) => {
    const fault = compileFault({ abort: { httpStatus: 503, ...(percentage === undefined ? {} : { percentage }) } });
    expect(fault?.abort).toEqual({ status: 503, grpcStatus: undefined, millionths });
  });

  it("may carry a gRPC status, and delays count in percent too", () => {
    expect(compileFault({ abort: { grpcStatus: "UNAVAILABLE" } })?.abort).toMatchObject({
      status: 200,
      grpcStatus: 14,
    });
    expect(compileFault({ delay: { fixedDelay: "5s", percent: 10 } })?.delay).toEqual({
      ms: 5000,
      millionths: 100_000,
    });
    expect(compileFault({ delay: {} })?.delay).toBeUndefined();
    expect(compileFault(undefined)).toBeUndefined();
  });
});

it.each([
  ["1s", 1000],
  ["0.25s", 250],
  ["1m30s", 90_000],
  ["100ms", 100],
  ["1h", 3_600_000],
  ["1us", 0.001],
  ["", undefined],
  ["1", undefined],
  ["-1s", undefined],
  [undefined, undefined],
])("the duration %j is %s ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

it("hosts are resolved and covered as Istio does", () => {
  expect(resolveHost("reviews", "prod")).toBe("reviews.prod.svc.cluster.local");
  expect(resolveHost("reviews.prod", "x")).toBe("reviews.prod");
  expect([resolveHost("*", "x"), resolveHost("", "x")]).toEqual(["*", ""]);
  expect(covers("*.foo.com", "a.b.foo.com")).toBe(true);
  expect(covers("*.foo.com", "foo.com")).toBe(false);
  expect(covers("foo.com", "foo.com")).toBe(true);
});

it.each([
  [undefined, ["*"], "x", true],
  [[], ["."], "own", true],
  [["."], ["*"], "x", false],
  [["x"], ["*"], "x", true],
  [["~"], ["*"], "own", false],
  [["*", "~"], ["."], "x", true],
])("exportTo %j (default %j) seen from %s: %s", (values, fallback, namespace, seen) => {
  expect(isVisible(parseExportTo(values, "own", fallback), namespace)).toBe(seen);
});
