import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { headerEntries } from "../../../../runtime/wire/http1/head.ts";
import { brokenResponse, parseResponseHead } from "../../../../runtime/wire/http1/response-head.ts";
import { writeResponseHead } from "../../../../runtime/wire/http1/write.ts";

function judge(raw: string, method = "GET"): unknown {
  const result = parseResponseHead(Buffer.from(raw, "latin1"), 0, method);
  return result.kind === "head" ? result.head : result.kind === "error" ? result.error : result.kind;
}

describe("response heads", () => {
  it.each([
    ["length", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "GET", { kind: "length", length: 2 }],
    ["chunked", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "GET", { kind: "chunked" }],
    ["neither", "HTTP/1.1 200 OK\r\n\r\n", "GET", { kind: "until-close" }],
    ["HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "HEAD", { kind: "none" }],
    ["304", "HTTP/1.1 304 Not Modified\r\ncontent-length: 2\r\n\r\n", "GET", { kind: "none" }],
    ["204", "HTTP/1.1 204 No Content\r\n\r\n", "GET", { kind: "none" }],
    ["204 with zero length", "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", "GET", { kind: "none" }],
    [
      "blanks around the status",
      "HTTP/1.1  200\tOK\r\ncontent-length: 0\r\n\r\n",
      "GET",
      { kind: "length", length: 0 },
    ],
    ["no reason", "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", "GET", { kind: "length", length: 0 }],
    ["non-ASCII reason", "HTTP/1.1 200 Fran\xe7ais\r\ncontent-length: 0\r\n\r\n", "GET", { kind: "length", length: 0 }],
  ])("frames by %s", (_, raw, method, framing) => {
    expect(judge(raw, method)).toMatchObject({ framing });
  });

  it("drops the length of an answer that cannot have a body", () => {
    const parsed = parseResponseHead(
      Buffer.from("HTTP/1.1 204 x\r\na: 1\r\nContent-Length: 0\r\nb: 2\r\n\r\n"),
      0,
      "GET",
    );
    assert(parsed.kind === "head");
    expect(headerEntries(parsed.head)).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
    expect(writeResponseHead(parsed.head).toString()).toBe("HTTP/1.1 204 No Content\r\na: 1\r\nb: 2\r\n\r\n");
  });

  it("keeps what only a request must not say, and drops what belongs to the hop", () => {
    const parsed = parseResponseHead(
      Buffer.from(
        "HTTP/1.1 200 OK\r\nConnection: x-a, upgrade\r\nUpgrade: websocket\r\nX-A: 1\r\nHost: h\r\nTE: gzip\r\n" +
          "Vary: a\r\nVary: b\r\nAccept: a\r\nAccept: b\r\nKeep-Alive: 5\r\nContent-Length: 0\r\n\r\n",
      ),
      0,
      "GET",
    );
    assert(parsed.kind === "head");
    expect(headerEntries(parsed.head)).toEqual([
      ["x-a", "1"],
      ["host", "h"],
      ["te", "gzip"],
      ["vary", "a,b"],
      ["accept", "a"],
      ["accept", "b"],
      ["content-length", "0"],
    ]);
  });

  it("knows interim answers and upgrades", () => {
    expect(judge("HTTP/1.1 100 Continue\r\n\r\n")).toMatchObject({ interim: true, framing: { kind: "none" } });
    expect(judge("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n")).toMatchObject({ interim: true });
    expect(judge("HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")).toMatchObject({
      interim: false,
      upgrade: "websocket",
    });
    expect(
      judge("HTTP/1.1 200 x\r\nupgrade: websocket\r\nconnection: upgrade\r\ncontent-length: 0\r\n\r\n"),
    ).toMatchObject({
      upgrade: undefined,
    });
  });

  it.each([
    ["an open end", "HTTP/1.1 200 OK\r\n\r\n", false],
    ["a length", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", true],
    ["close", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", false],
    ["1.0", "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", false],
    ["1.0 keep-alive", "HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n", true],
  ])("reuses the connection after %s: %#", (_, raw, keepAlive) => {
    expect(judge(raw)).toMatchObject({ keepAlive });
  });

  it.each([
    ["not HTTP", "hello"],
    ["not HTTP, with line", "hello\r\n\r\n"],
    ["a JSON line", `{"workload":"x"}\n`],
    ["HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"],
    ["two digits", "HTTP/1.1 20 OK\r\n\r\n"],
    ["four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
    ["status 099", "HTTP/1.1 099 OK\r\n\r\n"],
    ["both framings", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n"],
    ["gzip coding", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n"],
    ["204 with a body", "HTTP/1.1 204 OK\r\ncontent-length: 3\r\n\r\n"],
    ["100 with a body", "HTTP/1.1 100 OK\r\ntransfer-encoding: chunked\r\n\r\n"],
    ["101 without upgrade", "HTTP/1.1 101 OK\r\n\r\n"],
    ["an empty line first", "\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"],
    ["an empty line, perhaps", "\r"],
    ["a bad name", "HTTP/1.1 200 OK\r\na b: 1\r\n\r\n"],
    ["NUL in the reason", "HTTP/1.1 200 O\0K\r\n\r\n"],
  ])("refuses %s as a protocol error", (_, raw) => {
    expect(judge(raw)).toBe(brokenResponse);
  });

  it("waits for the rest", () => {
    for (const raw of ["", "HT", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\na: b\r\n"]) {
      expect(judge(raw)).toBe("incomplete");
    }
  });
});
