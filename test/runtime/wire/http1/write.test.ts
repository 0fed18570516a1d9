import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRequestHead, type RequestHead } from "../../../../runtime/wire/http1/head.ts";
import { parseResponseHead, type ResponseHead } from "../../../../runtime/wire/http1/response-head.ts";
import {
  encodeHeaderLines,
  upstreamFraming,
  writeRequestHead,
  writeResponseHead,
} from "../../../../runtime/wire/http1/write.ts";
import { headerNames } from "../../../../runtime/wire/header-names.ts";

function request(raw: string): RequestHead {
  const result = parseRequestHead(Buffer.from(raw), 0);
  if (result.kind !== "head") throw new Error(JSON.stringify(result));
  return result.head;
}

function response(raw: string, method = "GET"): ResponseHead {
  const result = parseResponseHead(Buffer.from(raw), 0, method);
  if (result.kind !== "head") throw new Error(JSON.stringify(result));
  return result.head;
}

describe("written heads", () => {
  it("are clean: lower-case names, hop-by-hop headers gone, one form of everything", () => {
    const head = request(
      "GET  /x HTTP/1.1\nUser-Agent:curl \r\nHost: a\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-B: 1\r\n 2\r\n\r\n",
    );
    expect(writeRequestHead(head).toString()).toBe(
      "GET /x HTTP/1.1\r\nhost: a\r\nuser-agent: curl\r\nx-b: 1 2\r\n\r\n",
    );
  });

  it("apply edits, prepared lines, target, authority and body in one buffer", () => {
    const head = request(
      "POST /x HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nX-Two: 2\r\nX-Three: 3\r\nContent-Length: 3\r\nX-Four: 4\r\n\r\n",
    );
    const out = writeRequestHead(head, {
      target: "/y",
      authority: "b:80",
      edit: {
        remove: headerNames(["x-two", "absent"]),
        add: [
          ["x-new", "n"],
          ["x-new", "m"],
        ],
      },
      prepared: encodeHeaderLines([["x-forwarded-proto", "http"]]),
      body: Buffer.from("abc"),
    });
    expect(out.toString()).toBe(
      "POST /y HTTP/1.1\r\nhost: b:80\r\nx-one: 1\r\nx-three: 3\r\ncontent-length: 3\r\nx-four: 4\r\n" +
        "x-forwarded-proto: http\r\nx-new: n\r\nx-new: m\r\n\r\nabc",
    );
  });

  it("never let a value end a line, and never let a rule change the framing", () => {
    const head = request("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
    const out = writeRequestHead(head, {
      target: "/y HTTP/1.1\r\nevil: 1",
      edit: {
        remove: headerNames(["content-length"]),
        add: [
          ["x", "1\r\nevil: 1"],
          ["transfer-encoding", "chunked"],
          ["content-length", "0"],
          ["y", "a\nb\0c"],
        ],
      },
    }).toString();
    expect(out).toBe(
      "POST /y HTTP/1.1  evil: 1 HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nx: 1  evil: 1\r\ny: a b c\r\n\r\n",
    );
  });

  it("change the framing when the caller re-frames", () => {
    const sized = request("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nZ: 1\r\n\r\n");
    expect(writeRequestHead(sized, { framing: { kind: "chunked" } }).toString()).toBe(
      "POST /x HTTP/1.1\r\nhost: a\r\nz: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    expect(writeRequestHead(sized, { framing: { kind: "length", length: 9 } }).toString()).toContain(
      "\r\ncontent-length: 9\r\n",
    );
    expect(writeRequestHead(sized, { framing: { kind: "none" } }).toString()).not.toContain("content-length");
    const open = response("HTTP/1.1 200 Fine\r\nServer: x\r\n\r\n");
    expect(writeResponseHead(open, { framing: { kind: "chunked" } }).toString()).toBe(
      "HTTP/1.1 200 OK\r\nserver: x\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    expect(writeResponseHead(open, { close: true }).toString()).toBe(
      "HTTP/1.1 200 OK\r\nserver: x\r\nconnection: close\r\n\r\n",
    );
  });

  it("keep the length that a HEAD answer tells", () => {
    const head = response("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", "HEAD");
    expect(writeResponseHead(head).toString()).toBe("HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n");
  });

  it("can say that no body follows where one is expected (recorded: authz-http/op-methods)", () => {
    const post = request("POST /x HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(writeRequestHead(post, { framing: upstreamFraming(post) }).toString()).toBe(
      "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
    );
    for (const method of ["GET", "HEAD", "DELETE", "TRACE"]) {
      expect(upstreamFraming(request(`${method} /x HTTP/1.1\r\nHost: a\r\n\r\n`))).toEqual({ kind: "none" });
    }
  });

  it("keep an upgrade", () => {
    const head = request("GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    expect(writeRequestHead(head).toString()).toBe(
      "GET /x HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n",
    );
  });

  it("write CONNECT in authority form", () => {
    expect(writeRequestHead(request("CONNECT a:1 HTTP/1.1\r\nHost: b\r\n\r\n")).toString()).toBe(
      "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n",
    );
  });
});

const headerName = fc.constantFrom("a", "B", "x-one", "X-Two", "x-three", "Accept", "ETag", "Cookie");
const headerText = fc.string({ unit: fc.constantFrom("a", "Z", "7", "-", "é"), maxLength: 200 });

it("whatever goes and whatever is added, the lines that stay are those, in order, in lower case", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(headerName, headerText), { maxLength: 12 }),
      fc.uniqueArray(headerName),
      fc.array(fc.tuple(fc.constantFrom("added", "x-more"), headerText), { maxLength: 4 }),
      (sent, gone, added) => {
        // Names that Envoy joins would be one line.
        const lines = sent.filter(([name]) => name !== "Accept" && name !== "ETag");
        const head = request(
          `GET / HTTP/1.1\r\nHost: a\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
        );
        const removed = new Set(gone.map((name) => name.toLowerCase()));
        const kept = lines.filter(([name]) => !removed.has(name.toLowerCase()));
        const expected = [...kept.map(([name, value]) => [name.toLowerCase(), value] as const), ...added];
        const text = writeRequestHead(head, { edit: { remove: headerNames(removed), add: added } }).toString();
        expect(text).toBe(
          `GET / HTTP/1.1\r\nhost: a\r\n${expected.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
        );
      },
    ),
  );
});

it("messages that were written stay what they were while others are written", () => {
  const heads = Array.from({ length: 500 }, (_, i) =>
    request(`GET /${i} HTTP/1.1\r\nHost: a\r\nX-N: ${"n".repeat(i)}\r\n\r\n`),
  );
  const written = heads.map((head) => writeRequestHead(head));
  expect(written.map(String)).toEqual(
    heads.map((_, i) => `GET /${i} HTTP/1.1\r\nhost: a\r\nx-n: ${"n".repeat(i)}\r\n\r\n`),
  );
});
