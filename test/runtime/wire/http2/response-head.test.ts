import { describe, expect, it } from "vitest";
import { headerEntries } from "../../../../runtime/wire/http1/head.ts";
import { fieldsOf } from "../../../../runtime/wire/http2/fields.ts";
import { readResponse } from "../../../../runtime/wire/http2/response-head.ts";
import { readTrailers } from "../../../../runtime/wire/http2/trailers.ts";

function read(list: readonly string[], method = "GET", ended = false): unknown {
  const result = readResponse(fieldsOf(list), method, ended);
  if (result.kind === "error") return "broken";
  const { status, framing, interim } = result.head;
  return { status, framing, interim, headers: headerEntries(result.head) };
}

describe("the head of an HTTP/2 answer", () => {
  it("becomes the head that HTTP/1 would have, single-valued headers joined", () => {
    expect(read([":status", "200", "x-a", "1", "vary", "a", "content-length", "3", "vary", "b"])).toEqual({
      status: 200,
      framing: { kind: "length", length: 3 },
      interim: false,
      headers: [
        ["x-a", "1"],
        ["vary", "a,b"],
        ["content-length", "3"],
      ],
    });
  });

  it.each([
    ["an end", [":status", "200"], "GET", true, { kind: "none" }],
    ["no length", [":status", "200"], "GET", false, { kind: "chunked" }],
    ["HEAD", [":status", "200", "content-length", "9"], "HEAD", false, { kind: "none" }],
    ["304", [":status", "304", "content-length", "9"], "GET", false, { kind: "none" }],
    ["204", [":status", "204"], "GET", false, { kind: "none" }],
  ])("tells how the body ends: %s", (_, list, method, ended, framing) => {
    expect(read(list, method, ended)).toMatchObject({ framing });
  });

  it("knows interim answers, which have no length and no end", () => {
    expect(read([":status", "103", "link", "x", "content-length", "0"])).toMatchObject({
      interim: true,
      headers: [["link", "x"]],
    });
    expect(read([":status", "103"], "GET", true)).toBe("broken");
  });

  it.each([
    ["no status", ["x", "1"]],
    ["two statuses", [":status", "200", ":status", "200"]],
    ["a status that is none", [":status", "20"]],
    ["a late status", ["x", "1", ":status", "200"]],
    ["a pseudo header of requests", [":status", "200", ":path", "/"]],
    ["switching protocols", [":status", "101"]],
    ["a connection header", [":status", "200", "connection", "close"]],
    ["an upper-case name", [":status", "200", "X", "1"]],
    ["a line break", [":status", "200", "x", "a\r\nb"]],
    ["two lengths", [":status", "200", "content-length", "1", "content-length", "1"]],
    ["too many", [":status", "200", ...Array.from({ length: 100 }, (_, i) => [`x-${i}`, "1"]).flat()]],
    ["too much", [":status", "200", "x", "y".repeat(62_000)]],
  ])("is broken by %s", (_, list) => {
    expect(read(list)).toBe("broken");
  });
});

it.each([
  [["grpc-status", "0"], "trailers"],
  [[":status", "200"], "http2.invalid.header.field"],
  [["connection", "close"], "http2.invalid.header.field"],
  [["x", "a\nb"], "http2.invalid.header.field"],
  [Array.from({ length: 101 }, (_, i) => [`x-${i}`, "1"]).flat(), "http2.too_many_headers"],
  [["x", "y".repeat(62_000)], "http2.header_list_size_too_large"],
])("trailers %j", (list, outcome) => {
  const result = readTrailers(fieldsOf(list));
  expect(result.kind === "error" ? result.error.details : result.kind).toBe(outcome);
});
