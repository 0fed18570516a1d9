import { describe, expect, it } from "vitest";
import { headerEntries } from "../../../../runtime/wire/http1/head.ts";
import { type Http2Fields, pairsOf } from "../../../../runtime/wire/http2/fields.ts";
import { requestOfList } from "../../../../runtime/wire/http2/request-head.ts";
import { listRequest } from "../../../../runtime/wire/http2/write.ts";
import { headerNames } from "../../../../runtime/wire/header-names.ts";

const pseudo: Http2Fields = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "backend:8080"],
  [":path", "/x?q=1"],
];

function read(headers: Http2Fields, first: Http2Fields = pseudo, endStream = true): unknown {
  const result = requestOfList([...first, ...headers].flat(), endStream);
  if (result.kind === "error") return `${result.error.status} ${result.error.details}`;
  return headerEntries(result.head);
}

describe("the head of an HTTP/2 request", () => {
  it("becomes the head that filters of HTTP/1 see", () => {
    const result = requestOfList([...pseudo, ["x-a", "1"]].flat(), true);
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
    expect(read([["te", "gzip"]])).toBe("0 http2.invalid.header.field");
    expect(read([["host", "other"]])).toEqual([]);
    const bare = pseudo.filter(([name]) => name !== ":authority");
    expect(requestOfList([...bare, ["host", "other"]].flat(), true)).toMatchObject({
      head: { authority: "other" },
    });
  });

  it("tells how the body ends", () => {
    const framing = (headers: Http2Fields, endStream: boolean): unknown => {
      const result = requestOfList([...pseudo, ...headers].flat(), endStream);
      return result.kind === "head" ? result.head.framing : result.kind;
    };
    expect(framing([], true)).toEqual({ kind: "none" });
    expect(framing([], false)).toEqual({ kind: "chunked" });
    expect(framing([["content-length", "3"]], false)).toEqual({ kind: "length", length: 3 });
  });

  // errata traffic A17; recorded: headers/large h2-62k, h2-50k
  it.each([
    ["too many bytes", [["x-big", "x".repeat(62_000)]], "0 http2.header_list_size_too_large"],
    ["too many headers", Array.from({ length: 101 }, (_, i) => [`x-${i}`, "1"] as const), "0 http2.too_many_headers"],
    ["a header of one connection", [["connection", "close"]], "0 http2.invalid.header.field"],
    ["transfer-encoding", [["transfer-encoding", "chunked"]], "0 http2.invalid.header.field"],
    ["an upper-case name", [["X-A", "1"]], "0 http2.invalid.header.field"],
    ["an empty name", [["", "1"]], "0 http2.invalid.header.field"],
    ["a pseudo header after others", [["x-a", "1"] as const, [":path", "/y"] as const], "0 http2.invalid.header.field"],
    [
      "two lengths",
      [["content-length", "1"] as const, ["content-length", "1"] as const],
      "0 http2.invalid.header.field",
    ],
    ["a length that is no number", [["content-length", "+1"]], "0 http2.invalid.header.field"],
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
      expect(read(headers, first)).toBe("0 http2.invalid.header.field");
    },
  );

  // As Envoy 1.40 answers the same lists.
  it.each([
    ["no authority", [":authority"], [], "0 http2.violation.of.messaging.rule"],
    ["no scheme", [":scheme"], [], "0 http2.violation.of.messaging.rule"],
    ["no method", [":method"], [], "0 http2.violation.of.messaging.rule"],
    ["no path", [":path"], [], "0 http2.violation.of.messaging.rule"],
    ["an empty path", [":path"], [[":path", ""]], "0 http2.invalid.header.field"],
    ["a path without slash", [":path"], [[":path", "x"]], "0 http2.violation.of.messaging.rule"],
    ["a URL as path", [":path"], [[":path", "http://evil/x"]], "0 http2.violation.of.messaging.rule"],
    ["the star for GET", [":path"], [[":path", "*"]], "0 http2.violation.of.messaging.rule"],
    ["an empty authority", [":authority"], [[":authority", ""]], "0 http2.invalid.header.field"],
    ["a user in the authority", [":authority"], [[":authority", "u@foo"]], "0 http2.invalid.header.field"],
    ["a path in the authority", [":authority"], [[":authority", "foo/x"]], "0 http2.invalid.header.field"],
    ["two authorities", [], [[":authority", "bar"]], "0 http2.invalid.header.field"],
    ["two paths", [], [[":path", "/y"]], "0 http2.invalid.header.field"],
    ["an unknown pseudo header", [], [[":foo", "1"]], "0 http2.invalid.header.field"],
    ["extended CONNECT", [], [[":protocol", "websocket"]], "0 http2.invalid.header.field"],
    ["an empty method", [":method"], [[":method", ""]], "0 http2.invalid.header.field"],
    ["CONNECT with a path", [":method"], [[":method", "CONNECT"]], "0 http2.violation.of.messaging.rule"],
    ["a length, and no body", [], [["content-length", "9"]], "0 http2.violation.of.messaging.rule"],
    ["te that is not trailers", [], [["te", "trailers, deflate"]], "0 http2.invalid.header.field"],
  ] as readonly (readonly [string, readonly string[], Http2Fields, string])[])(
    "refuses %s",
    (_, without, more, details) => {
      const left = pseudo.filter(([name]) => !without.includes(name));
      expect(read(more, left)).toBe(details);
    },
  );

  it("answers OPTIONS * like HTTP/1, takes CONNECT, custom methods and blanks around values, escapes high bytes", () => {
    const options: Http2Fields = [[":method", "OPTIONS"], ...pseudo.slice(1, 3), [":path", "*"]];
    expect(read([], options)).toBe("404 absolute_path_rejected");
    const connect = requestOfList([":method", "CONNECT", ":authority", "foo:80"], false);
    expect(connect).toMatchObject({ head: { method: "CONNECT", target: "", authority: "foo:80" } });
    expect(requestOfList([...pseudo.slice(1), [":method", "purge"]].flat(), true)).toMatchObject({
      head: { method: "purge" },
    });
    expect(read([["x", " a "]])).toEqual([["x", "a"]]);
    const high = requestOfList([...pseudo.slice(0, 3), [":path", "/a\xe9?\xff"]].flat(), true);
    expect(high).toMatchObject({ head: { target: "/a%E9?%FF" } });
  });

  it("counts pseudo headers among the hundred", () => {
    const many = (count: number): Http2Fields => Array.from({ length: count }, (_, i) => [`x-${i}`, "1"] as const);
    expect(read(many(96))).toHaveLength(96);
    expect(read(many(97))).toBe("0 http2.too_many_headers");
  });
});

it.each([
  ["its own scheme", "http", "http"],
  ["the scheme of x-forwarded-proto", undefined, "https"],
] as const)("leaves over HTTP/2 without what belongs to an HTTP/1 connection, with %s", (_, scheme, expected) => {
  const list = [...pseudo, ["x-a", "1"], ["x-gone", "1"], ["x-forwarded-proto", "https"]];
  const result = requestOfList(list.flat(), true);
  if (result.kind !== "head") throw new Error("no head");
  const edit = {
    remove: headerNames(["x-gone"]),
    add: [
      ["connection", "Upgrade"],
      ["x-b", "2\r\n3"],
    ] as const,
  };
  expect(pairsOf(listRequest({ ...result.head, scheme }, { target: "/y", authority: "other", edit }))).toEqual([
    [":method", "GET"],
    [":scheme", expected],
    [":authority", "other"],
    [":path", "/y"],
    ["x-a", "1"],
    ["x-forwarded-proto", "https"],
    ["x-b", "2  3"],
  ]);
});
