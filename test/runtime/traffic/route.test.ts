import { describe, expect, it } from "vitest";
import type { RouteMatch } from "../../../runtime/model/snapshot.ts";
import { bindRoutes } from "../../../runtime/traffic/route.ts";
import { request, route } from "./request.ts";

function matches(match: Partial<RouteMatch>, ...args: Parameters<typeof request>): boolean {
  return bindRoutes({ routes: [route("it", match)] })(request(...args)) !== undefined;
}

describe("path conditions", () => {
  it.each([
    ["exact", "/foo", "/foo", true],
    ["exact", "/foo", "/foo?a=b", true],
    ["exact", "/foo", "/foo?", true],
    ["exact", "/foo", "/foo#x", true],
    ["exact", "/foo", "/foo/", false],
    ["exact", "/foo", "/Foo", false],
    ["exact", "/foo", "/foobar", false],
    ["exact", "", "/a", false],
    ["prefix", "/foo", "/foobar", true],
    ["prefix", "/foo", "/fo", false],
    ["prefix", "", "/anything", true],
    ["prefix", "/foo", "/x?/foo", false],
  ] as const)("%s %j against %j: %s", (kind, value, path, expected) => {
    expect(matches({ path: { kind, value } }, path)).toBe(expected);
  });

  it.each([
    ["/\\d{2,3}", "/12", true],
    ["/\\d{2,3}", "/1234", false],
    ["/colou?r(/.*)?", "/colour/x", true],
    ["/colou?r(/.*)?", "/colourx", false],
    [".*\\?x", "/a?x", false],
    ["/(a", "/(a", false],
  ])("regex %j against %j: %s", (source, path, expected) => {
    expect(matches({ path: { kind: "regex", source } }, path)).toBe(expected);
  });

  it("ignores case only when asked", () => {
    expect(matches({ path: { kind: "exact", value: "/Foo", ignoreCase: true } }, "/fOO")).toBe(true);
    expect(matches({ path: { kind: "exact", value: "/Foo", ignoreCase: true } }, "/fOOb")).toBe(false);
    expect(matches({ path: { kind: "prefix", value: "/Foo", ignoreCase: true } }, "/fOO/x")).toBe(true);
  });
});

describe("header conditions", () => {
  const one = { kind: "exact", value: "one" } as const;
  const present = { kind: "present" } as const;

  it.each([
    [{ "x-e": "one" }, true],
    [{ "x-e": "One" }, false],
    [{ "x-e": "one,two" }, false],
    [{ "x-e": ["two", "one"] }, true],
    [{}, false],
  ])("an exact value is looked for in every line: %j → %s", (headers, expected) => {
    expect(matches({ headers: [{ name: "x-e", match: one, inverted: false }] }, "/", { headers })).toBe(expected);
  });

  it.each([
    [{ "x-e": "two" }, true],
    [{}, true],
    [{ "x-e": "one" }, false],
    [{ "x-e": ["two", "one"] }, false],
  ])("without a value: %j → %s", (headers, expected) => {
    expect(matches({ headers: [{ name: "x-e", match: one, inverted: true }] }, "/", { headers })).toBe(expected);
  });

  it("an absent header counts as empty in an inverted test", () => {
    const any = { kind: "regex", source: ".*" } as const;
    expect(matches({ headers: [{ name: "x-e", match: any, inverted: true }] }, "/")).toBe(false);
  });

  it("presence counts an empty header, absence does not", () => {
    const headers = { "x-e": "" };
    expect(matches({ headers: [{ name: "x-e", match: present, inverted: false }] }, "/", { headers })).toBe(true);
    expect(matches({ headers: [{ name: "x-e", match: present, inverted: true }] }, "/", { headers })).toBe(false);
    expect(matches({ headers: [{ name: "x-e", match: present, inverted: true }] }, "/")).toBe(true);
  });

  it.each([
    [":path", { kind: "prefix", value: "/p?q" }],
    [":method", { kind: "exact", value: "PUT" }],
    [":authority", { kind: "exact", value: "backend:8080" }],
    ["host", { kind: "exact", value: "backend:8080" }],
    [":scheme", { kind: "exact", value: "https" }],
  ] as const)("%s stands for a part of the request line", (name, match) => {
    expect(matches({ headers: [{ name, match, inverted: false }] }, "/p?q", { method: "PUT", scheme: "https" })).toBe(
      true,
    );
  });
});

describe("other conditions", () => {
  it.each([
    ["/?x=1", true],
    ["/?a=b&x=1", true],
    ["/?x=1#f", true],
    ["/?x=2&x=1", false],
    ["/?x", false],
    ["/", false],
    ["/?xx=1", false],
    ["/?x=%31", false],
  ])("the first value of a query parameter: %j → %s", (path, expected) => {
    expect(matches({ queryParams: [{ name: "x", match: { kind: "exact", value: "1" } }] }, path)).toBe(expected);
  });

  it("a parameter without value is present and empty", () => {
    expect(matches({ queryParams: [{ name: "x", match: { kind: "present" } }] }, "/?x")).toBe(true);
    expect(matches({ queryParams: [{ name: "x", match: { kind: "exact", value: "" } }] }, "/?x")).toBe(true);
  });

  it("method, authority and scheme are compared as sent", () => {
    expect(matches({ method: { kind: "exact", value: "get" } }, "/")).toBe(false);
    expect(matches({ method: { kind: "prefix", value: "P" } }, "/", { method: "PATCH" })).toBe(true);
    expect(matches({ authority: { kind: "exact", value: "backend" } }, "/")).toBe(false);
    expect(matches({ authority: { kind: "exact", value: "backend:8080" } }, "/")).toBe(true);
    expect(matches({ scheme: { kind: "exact", value: "https" } }, "/")).toBe(false);
  });

  it("takes the first route whose conditions all hold", () => {
    const find = bindRoutes({
      routes: [
        route("and", { path: { kind: "prefix", value: "/a" }, method: { kind: "exact", value: "POST" } }),
        route("short", { path: { kind: "prefix", value: "/dup" } }),
        route("long", { path: { kind: "prefix", value: "/dup/longer" } }),
      ],
    });
    expect(find(request("/dup/longer/x"))?.name).toBe("short");
    expect(find(request("/a", { method: "POST" }))?.name).toBe("and");
    expect(find(request("/a"))).toBeUndefined();
  });
});
