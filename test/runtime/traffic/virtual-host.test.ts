import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { VirtualHost } from "../../../runtime/model/snapshot.ts";
import { bindRouteTable, hostOf } from "../../../runtime/traffic/virtual-host.ts";

function host(name: string, ...domains: string[]): VirtualHost {
  return { name, domains, routes: [] };
}

describe("the host of an authority", () => {
  it.each([
    ["Backend:8080", "backend"],
    ["backend", "backend"],
    ["backend:", "backend"],
    ["backend:notaport", "backend"],
    ["10.96.0.10:1", "10.96.0.10"],
    ["[::1]:8080", "[::1]"],
    ["[::1]", "[::1]"],
    ["", ""],
    ["backend,second", "backend,second"],
  ])("%j is %j", (authority, expected) => {
    expect(hostOf(authority)).toBe(expected);
  });
});

describe("choosing a virtual host", () => {
  const find = bindRouteTable({
    virtualHosts: [
      host("any", "*"),
      host("wild", "*.example.com"),
      host("deep", "*.a.example.com"),
      host("exact", "a.example.com", "backend"),
      host("prefix", "www.*"),
      host("late", "backend"),
    ],
  });

  it.each([
    ["a.example.com", "exact"],
    ["A.Example.COM:80", "exact"],
    ["b.example.com", "wild"],
    ["x.a.example.com", "deep"],
    ["example.com", "any"],
    [".example.com", "any"],
    ["www.foo", "prefix"],
    ["www.", "any"],
    ["backend:1", "exact"],
    ["unknown", "any"],
  ])("%s → %s", (authority, expected) => {
    expect(find(authority)?.name).toBe(expected);
  });

  it("gives nothing when no domain fits and there is no catch-all", () => {
    expect(bindRouteTable({ virtualHosts: [host("a", "a")] })("b")).toBeUndefined();
  });

  it("does not depend on the order of hosts whose domains differ", () => {
    const labels = fc.constantFrom("a", "b", "c");
    const domain = fc
      .tuple(fc.boolean(), fc.array(labels, { minLength: 1, maxLength: 3 }))
      .map(([wild, parts]) => (wild ? `*.${parts.join(".")}` : parts.join(".")));
    fc.assert(
      fc.property(
        fc.uniqueArray(domain, { maxLength: 8 }),
        fc.array(labels, { minLength: 1, maxLength: 4 }),
        (domains, parts) => {
          const hosts = domains.map((one) => host(one, one));
          const name = parts.join(".");
          const forward = bindRouteTable({ virtualHosts: hosts })(name);
          expect(bindRouteTable({ virtualHosts: hosts.toReversed() })(name)).toBe(forward);
          const wildcards = domains.filter(
            (one) => one.startsWith("*") && name.endsWith(one.slice(1)) && name.length > one.length - 1,
          );
          const expected = domains.includes(name) ? name : wildcards.toSorted((a, b) => b.length - a.length)[0];
          expect(forward?.name).toBe(expected);
        },
      ),
    );
  });
});
