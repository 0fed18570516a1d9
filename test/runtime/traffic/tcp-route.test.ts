import { describe, expect, it } from "vitest";
import type { TcpRoute } from "../../../runtime/model/snapshot.ts";
import { bindTcpRoutes, needsServerName } from "../../../runtime/traffic/tcp-route.ts";

function route(name: string, parts: Partial<TcpRoute> = {}): TcpRoute {
  const provenance = { resource: "VirtualService default/v", file: "v.yaml", line: 1, column: 1, field: "spec" };
  return { serverNames: undefined, subnets: undefined, clusters: [{ cluster: name, weight: 0 }], provenance, ...parts };
}

function chosen(routes: readonly TcpRoute[], hasFallback: boolean, address: string, sni?: string): string {
  const target = bindTcpRoutes({ tcp: { routes, hasFallback } })(address, sni);
  return target.kind === "route" ? (target.route.clusters[0]?.cluster ?? "") : target.kind;
}

describe("a connection that is not HTTP", () => {
  it("goes to the service where no VirtualService speaks of it", () => {
    expect(bindTcpRoutes({ tcp: undefined })("10.96.0.10", undefined)).toEqual({ kind: "fallback" });
  });

  // recorded: tcp-tls-routing/tls-sni-*; errata traffic A8
  it.each([
    ["a.example", "exact"],
    ["A.Example", "exact"],
    ["b.example", "wild"],
    ["x.y.example", "longer"],
    ["example", "unclaimed"],
    ["other", "unclaimed"],
    [undefined, "unclaimed"],
  ])("with server name %s goes to %s", (sni, expected) => {
    const routes = [
      route("wild", { serverNames: ["*.example"] }),
      route("longer", { serverNames: ["*.y.example"] }),
      route("exact", { serverNames: ["a.example"] }),
    ];
    expect(chosen(routes, false, "10.96.0.10", sni)).toBe(expected);
  });

  it("goes to a route for every name when none is closer", () => {
    const routes = [route("any"), route("named", { serverNames: ["a"] })];
    expect([chosen(routes, false, "10.0.0.1", "a"), chosen(routes, false, "10.0.0.1", "b")]).toEqual(["named", "any"]);
    expect(chosen(routes, false, "10.0.0.1")).toBe("any");
  });

  // recorded: tcp-tls-routing/vs-subnets, vs-subnets-elsewhere
  it.each([
    ["10.96.0.10", "host"],
    ["10.96.0.11", "net"],
    ["10.97.0.1", "all"],
    ["fd00::1", "six"],
  ])("to %s takes the narrowest range: %s", (address, expected) => {
    const routes = [
      route("net", { subnets: ["192.0.2.0/24", "10.96.0.0/20"] }),
      route("host", { subnets: ["10.96.0.10"] }),
      route("six", { subnets: ["fd00::/9"] }),
      route("all"),
    ];
    expect(chosen(routes, false, address)).toBe(expected);
  });

  it("outside all ranges goes to the service, where there is nothing else", () => {
    const routes = [route("net", { subnets: ["192.0.2.0/24"] })];
    expect([chosen(routes, true, "10.96.0.10"), chosen(routes, true, "192.0.2.9")]).toEqual(["fallback", "net"]);
  });

  it("is looked into only where names tell routes apart", () => {
    expect(needsServerName({ tcp: { routes: [route("any")], hasFallback: false } })).toBe(false);
    expect(needsServerName({ tcp: { routes: [route("named", { serverNames: ["a"] })], hasFallback: false } })).toBe(
      true,
    );
    expect(needsServerName(undefined)).toBe(false);
  });
});
