import { describe, expect, it } from "vitest";
import { judgeLine, type Sought } from "../../../runtime/probe/evidence.ts";

const marker = "mdp0a1b2c-00007";
const outer = "mdo0a1b2c-00007";
const sought: Sought = { marker, outer, method: "GET", path: "/admin", sent: "GET", carriers: [], open: "/public" };
const json = (value: unknown): string => JSON.stringify(value);

describe("lines that prove it", () => {
  it.each([
    [`GET /admin?mdprobe=${marker} 200`],
    [
      `10.0.0.1 - - [28/Nov/2026:12:00:00 +0000] "GET /admin?mdprobe=${marker} HTTP/1.1" 200 12 "-" "meshdev-probe/${marker}"`,
    ],
    [`served /admin for ${marker}`],
    [`path=/admin request_id=${marker} method=GET`],
    [`http://backend:8080/admin?mdprobe=${marker}`],
    [json({ method: "get", url: `/admin?mdprobe=${marker}` })],
    [json({ req: { id: marker, method: "GET", path: "/admin", query: { mdprobe: marker } } })],
    [json({ msg: `GET /admin ${marker}`, headers: { referer: "/elsewhere" } })],
  ])("%s", (line) => {
    expect(judgeLine(line, sought)).toEqual({ kind: "resource" });
  });
});

describe("lines that do not", () => {
  it.each([
    ["another spelling", `GET //admin?mdprobe=${marker}`, {}, "GET //admin"],
    ["a longer path", `GET /admin/x?mdprobe=${marker}`, {}, "GET /admin/x"],
    ["a decoded question mark", `GET /admin?x?mdprobe=${marker}`, {}, `GET /admin?x?mdprobe=${marker}`],
    ["a decoded fragment", `GET /admin#?mdprobe=${marker}`, {}, `GET /admin#?mdprobe=${marker}`],
    ["a decoded blank", `GET /admin ?mdprobe=${marker}`, {}, `GET GET /admin ?mdprobe=${marker}`],
    ["another method", `HEAD /admin?mdprobe=${marker}`, {}, "HEAD /admin"],
    ["another method in JSON", json({ verb: "post", path: "/admin", id: marker }), {}, "POST /admin"],
    ["no method, and another was sent", `/admin?mdprobe=${marker}`, { sent: "HEAD" }, "/admin"],
    [
      "a header that carries the path",
      `GET / x-original-url: /admin ${marker}`,
      { carriers: ["x-original-url"] },
      "GET /",
    ],
    [
      "the same in JSON",
      json({ method: "GET", url: `/?mdprobe=${marker}`, "X-Original-URL": "/admin" }),
      { carriers: ["x-original-url"] },
      "GET /",
    ],
    [
      "a dump of the request around it",
      `POST /?mdprobe=${outer} body GET /admin?mdprobe=${marker} HTTP/1.1`,
      {},
      "POST /",
    ],
    ["a dump of headers", json({ url: `/x?mdprobe=${marker}`, headers: { referer: "/admin" } }), {}, "/x"],
  ] as const)("%s", (_, line, more, seen) => {
    expect(judgeLine(line, { ...sought, ...more })).toEqual({ kind: "other", seen });
  });

  it("a line about something else", () => {
    expect(judgeLine("GET /admin 200", sought)).toBeUndefined();
    expect(judgeLine(`GET /admin?mdprobe=${marker.slice(0, -1)}8`, sought)).toBeUndefined();
  });

  it("what the caller may ask for anyway", () => {
    expect(judgeLine(`GET /public?mdprobe=${marker}`, sought)).toEqual({ kind: "open" });
  });
});
