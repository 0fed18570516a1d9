import { describe, expect, it } from "vitest";
import { headerEntries } from "../../../../runtime/wire/http1/head.ts";
import { writeHttp2Request } from "../../../../runtime/wire/http2/request-fields.ts";
import { type Http2Fields, readHttp2Head } from "../../../../runtime/wire/http2/request-head.ts";

const pseudo: Http2Fields = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "backend:8080"],
  [":path", "/x?q=1"],
];

function read(headers: Http2Fields, first: Http2Fields = pseudo, endStream = true): unknown {
  const result = readHttp2Head([...first, ...headers], endStream);
  if (result.kind === "error") return `${result.error.status} ${result.error.details}`;
  return result.kind === "reset" ? result.details : headerEntries(result.head);
}

describe("the head of an HTTP/2 request", () => {
  it("becomes the head that filters of HTTP/1 see", () => {
    const result = readHttp2Head([...pseudo, ["x-a", "1"]], true);
    expect(result).toMatchObject({
      kind: "head",
      head: {
        method: "GET",
        target: "/x?q=1",
        authority: "backend:8080",
        scheme: "http",
        framing: { kind: "none" },
        keepAlive: true,
        upgrade: undefined,
      },
    });
  });

  // errata traffic C10; recorded: headers/request-plain-server dup, h2-cookie
  it("joins cookie crumbs and single-valued headers, and keeps unknown ones apart", () => {
    expect(
      read([
        ["cookie", "a=1"],
        ["x-many", "1"],
        ["cookie", "b=2"],
        ["accept", "a"],
        ["x-many", "2"],
        ["accept", "b"],
      ]),
    ).toEqual([
      ["x-many", "1"],
      ["accept", "a,b"],
      ["x-many", "2"],
      ["cookie", "a=1; b=2"],
    ]);
  });

  it("keeps te only as trailers, and host only without an authority", () => {
    expect(read([["te", "trailers"]])).toEqual([["te", "trailers"]]);
    expect(read([["te", "gzip"]])).toEqual([]);
    expect(read([["host", "other"]])).toEqual([]);
    const bare = pseudo.filter(([name]) => name !== ":authority");
    expect(readHttp2Head([...bare, ["host", "other"]], true)).toMatchObject({ head: { authority: "other" } });
  });

  it("tells how the body ends", () => {
    const framing = (headers: Http2Fields, endStream: boolean): unknown => {
      const result = readHttp2Head([...pseudo, ...headers], endStream);
      return result.kind === "head" ? result.head.framing : result.kind;
    };
    expect(framing([], true)).toEqual({ kind: "none" });
    expect(framing([], false)).toEqual({ kind: "chunked" });
    expect(framing([["content-length", "3"]], false)).toEqual({ kind: "length", length: 3 });
  });

  // errata traffic A17; recorded: headers/large h2-62k, h2-50k
  it.each([
    ["too many bytes", [["x-big", "x".repeat(62_000)]], "http2.header_list_size_too_large"],
    ["too many headers", Array.from({ length: 101 }, (_, i) => [`x-${i}`, "1"] as const), "http2.too_many_headers"],
    ["a header of one connection", [["connection", "close"]], "http2.invalid.header.field"],
    ["transfer-encoding", [["transfer-encoding", "chunked"]], "http2.invalid.header.field"],
    ["an upper-case name", [["X-A", "1"]], "http2.invalid.header.field"],
    ["an empty name", [["", "1"]], "http2.invalid.header.field"],
    ["a pseudo header after others", [["x-a", "1"] as const, [":path", "/y"] as const], "http2.invalid.header.field"],
    ["two lengths", [["content-length", "1"] as const, ["content-length", "1"] as const], "http2.invalid.header.field"],
    ["a length that is no number", [["content-length", "+1"]], "http2.invalid.header.field"],
  ] as const)("resets the stream on %s", (_, headers, details) => {
    expect(read(headers)).toBe(details);
  });

  it.each([
    ["a line break in a value", pseudo, [["x-a", "1\r\nx-b: 2"]]],
    ["a NUL in a value", pseudo, [["x-a", "1\0"]]],
    ["a line break in the path", [...pseudo.slice(0, 3), [":path", "/x HTTP/1.1\r\nx: y"]], []],
    ["a blank in the path", [...pseudo.slice(0, 3), [":path", "/x /y"]], []],
    ["a blank in the method", [[":method", "GET /x"], ...pseudo.slice(1)], []],
    ["a blank in a name", pseudo, [["x a", "1"]]],
  ] as readonly (readonly [string, Http2Fields, Http2Fields])[])(
    "lets nothing through that HTTP/1 would split: %s",
    (_, first, headers) => {
      expect(read(headers, first)).toBe("http2.invalid.header.field");
    },
  );

  it("refuses like HTTP/1 what has no authority or no path of its own", () => {
    expect(
      read(
        [],
        pseudo.filter(([name]) => name !== ":authority"),
      ),
    ).toBe("400 missing_host_header");
    expect(read([], [...pseudo.slice(0, 3), [":path", "*"]])).toBe("404 absolute_path_rejected");
    expect(read([], [...pseudo.slice(0, 2), [":authority", "a b"], [":path", "/"]])).toBe("400 http.invalid_authority");
  });
});

it("leaves over HTTP/2 without what belongs to an HTTP/1 connection, with the scheme of x-forwarded-proto", () => {
  const result = readHttp2Head([...pseudo, ["x-a", "1"], ["x-gone", "1"]], true);
  if (result.kind !== "head") throw new Error("no head");
  const edit = {
    remove: new Set(["x-gone"]),
    add: [
      ["connection", "Upgrade"],
      ["x-forwarded-proto", "https"],
    ] as const,
  };
  expect(writeHttp2Request(result.head, { target: "/y", authority: "other", edit })).toEqual([
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", "other"],
    [":path", "/y"],
    ["x-a", "1"],
    ["x-forwarded-proto", "https"],
  ]);
});
