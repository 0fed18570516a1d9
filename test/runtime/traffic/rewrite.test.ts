import { describe, expect, it } from "vitest";
import type { RouteAction, RouteRewrite, StringMatcher } from "../../../runtime/model/snapshot.ts";
import { redirectLocation } from "../../../runtime/traffic/redirect.ts";
import { bindPathRewrite } from "../../../runtime/traffic/rewrite.ts";
import { anyMatch } from "./request.ts";

function rewrite(path: StringMatcher | undefined, parts: Partial<RouteRewrite>): (path: string) => string | undefined {
  const bound = bindPathRewrite({
    match: { ...anyMatch, path },
    rewrite: { path: undefined, regex: undefined, host: undefined, ...parts },
  });
  return (text) => bound?.(text);
}

describe("rewriting a path, as recorded", () => {
  it.each([
    ["/a", "/b", "/a", "/b"],
    ["/a", "/b", "/ab", "/bb"],
    ["/a", "/b", "/a?q=1", "/b?q=1"],
    ["/a", "/b", "/a/x?q=/a", "/b/x?q=/a"],
    ["/a", "/b", "/a//x", "/b//x"],
    ["/a", "/b", "/a%2Fx", "/b%2Fx"],
    ["/a/", "/", "/a/x", "/x"],
    ["/a/", "/", "/a//x", "//x"],
    ["/a", "/", "/a/x", "//x"],
    ["/a", "/b/", "/a/x", "/b//x"],
    ["/", "/base", "/", "/base"],
    ["/", "/base", "/x/y?z", "/basex/y?z"],
  ])("prefix %j to %j: %j → %j", (value, path, from, to) => {
    expect(rewrite({ kind: "prefix", value }, { path })(from)).toBe(to);
  });

  it("without a path condition the prefix is /", () => {
    expect(rewrite(undefined, { path: "/two" })("/one")).toBe("/twoone");
    expect(rewrite(undefined, { path: "/all" })("/")).toBe("/all");
  });

  it("an exact or regex condition gives up the whole path and keeps the query, even twice", () => {
    expect(rewrite({ kind: "exact", value: "/old" }, { path: "/new?fixed=1" })("/old?q=1")).toBe("/new?fixed=1?q=1");
    expect(rewrite({ kind: "exact", value: "/old" }, { path: "/new?fixed=1" })("/old")).toBe("/new?fixed=1");
    expect(rewrite({ kind: "regex", source: "/x.*" }, { path: "/new" })("/xyz?q")).toBe("/new?q");
  });

  it.each([
    ["one", "two", "/xxx/one/yyy/one/zzz", "/xxx/two/yyy/two/zzz"],
    ["one", "two", "/oneone", "/twotwo"],
    ["one", "two", "/none?one=one", "/ntwo?one=one"],
    ["one", "two", "/x", "/x"],
    ["(?i)/xxx/", "/yyy/", "/aaa/XxX/bbb", "/aaa/yyy/bbb"],
    ["^/w/(a)?(b)?$", "/[\\0]-\\1-\\2", "/w/a", "/[/w/a]-a-"],
    ["^/w/(a)?(b)?$", "/[\\0]-\\1-\\2", "/w/b", "/[/w/b]--b"],
    ["^/e.*$", "/", "/e/abc?x=1", "/?x=1"],
    ["(a)", "\\9\\\\", "/a", "/\\"],
    ["(broken", "x", "/a", "/a"],
  ])("regex %j to %j: %j → %j", (source, substitution, from, to) => {
    expect(rewrite({ kind: "prefix", value: "/" }, { path: "/no", regex: { source, substitution } })(from)).toBe(to);
  });

  it("leaves the path alone when only the host changes", () => {
    expect(rewrite(undefined, { host: "h" })("/x")).toBeUndefined();
  });
});

describe("locations of redirects, as recorded", () => {
  const empty = { scheme: undefined, host: undefined, port: undefined, path: undefined, prefixRewrite: undefined };

  it.each<[string, Partial<Extract<RouteAction, { kind: "redirect" }>>, string, string, string, string]>([
    ["authority", { host: "other.example" }, "http", "backend:8080", "/a/x?y=1", "http://other.example/a/x?y=1"],
    [
      "authority and path",
      { host: "o.example", path: "/new" },
      "http",
      "backend:8080",
      "/u/x?y=1",
      "http://o.example/new?y=1",
    ],
    ["path with query", { path: "/n?z" }, "http", "backend:8080", "/a?y", "http://backend:8080/n?z"],
    ["scheme", { scheme: "https" }, "http", "backend:8080", "/s/1?q", "https://backend:8080/s/1?q"],
    ["scheme, default port", { scheme: "https" }, "http", "backend:80", "/s", "https://backend/s"],
    ["scheme, the other's default port", { scheme: "https" }, "http", "backend:443", "/s", "https://backend:443/s"],
    ["from https", { scheme: "http" }, "https", "backend:443", "/s", "http://backend/s"],
    ["same scheme keeps the port", { path: "/x" }, "http", "backend:80", "/h", "http://backend:80/x"],
    ["port", { port: 9999 }, "http", "backend:8080", "/p", "http://backend:9999/p"],
    ["x-forwarded-proto", { path: "/n" }, "https", "backend:8080", "/a", "https://backend:8080/n"],
    ["IPv6", { port: 1 }, "http", "[::1]:8080", "/", "http://[::1]:1/"],
    ["IPv6 without port", { port: 1 }, "http", "[::1]", "/", "http://[::1]:1/"],
  ])("%s", (_, redirect, scheme, authority, path, location) => {
    expect(
      redirectLocation({ kind: "redirect", status: 301, ...empty, ...redirect }, { scheme, authority }, path),
    ).toBe(location);
  });
});
