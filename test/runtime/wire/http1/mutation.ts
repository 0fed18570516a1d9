import * as fc from "fast-check";
import { assertNever } from "../../../../runtime/core/assert-never.ts";

/** Requests that hold every odd thing the codec has an opinion about, as seeds for mutation. */
export const seeds: readonly string[] = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST /x?y=1 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 3\r\nAccept: */*\r\n\r\nabc",
  "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  "GET http://u@h:1/p HTTP/1.1\nhost:a\nX-A: 1\n  2\nCookie: a=1\nCookie: b=2\n\n",
  "\r\nOPTIONS  *\tHTTP/1.1 \r\nHost: a\r\nHost: b\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\r\n",
  "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade, keep-alive\r\nExpect: 100-continue\r\n\r\n",
  "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nProxy-Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n",
  "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 003\r\nAccept: a\r\nAccept: b\r\nAuthorization: Bearer x\r\n\r\nabc",
];

const pieces: readonly string[] = [
  "\r",
  "\n",
  "\r\n",
  "\r\n\r\n",
  " ",
  "\t",
  ":",
  ",",
  "\0",
  "\u0001",
  "\u007f",
  "\x80",
  "\xff",
  ";",
  "0",
  "-1",
  "/",
  "?",
  "#",
  "Content-Length: 1\r\n",
  "Content-Length: 1, 1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: xchunked\r\n",
  "Transfer-Encoding : chunked\r\n",
  "Transfer-Encoding:\u000bchunked\r\n",
  " chunked\r\n",
  "Host: b\r\n",
  "Connection: host\r\n",
  "Connection: content-length\r\n",
  "Connection: transfer-encoding\r\n",
  "TE: gzip\r\n",
  "GET /smuggled HTTP/1.1\r\n",
  "HTTP/1.0",
  "content_length: 5\r\n",
  "Content-Length\r\n : 5\r\n",
  "Upgrade: h2c\r\n",
  "\r\n0\r\n\r\n",
  "x".repeat(300),
];

type Mutation =
  | { readonly kind: "insert"; readonly at: number; readonly what: string }
  | { readonly kind: "delete"; readonly at: number; readonly count: number }
  | { readonly kind: "set"; readonly at: number; readonly byte: number }
  | { readonly kind: "copy"; readonly at: number; readonly from: number; readonly count: number };

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant("insert"), at: fc.nat(400), what: fc.constantFrom(...pieces) }),
  fc.record({ kind: fc.constant("delete"), at: fc.nat(400), count: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant("set"), at: fc.nat(400), byte: fc.nat(255) }),
  fc.record({ kind: fc.constant("copy"), at: fc.nat(400), from: fc.nat(400), count: fc.integer({ min: 1, max: 40 }) }),
);

function apply(text: string, change: Mutation): string {
  const at = change.at % (text.length + 1);
  switch (change.kind) {
    case "insert":
      return text.slice(0, at) + change.what + text.slice(at);
    case "delete":
      return text.slice(0, at) + text.slice(at + change.count);
    case "set":
      return text.slice(0, at) + String.fromCharCode(change.byte) + text.slice(at + 1);
    case "copy": {
      const from = change.from % (text.length + 1);
      return text.slice(0, at) + text.slice(from, from + change.count) + text.slice(at);
    }
    default:
      return assertNever(change);
  }
}

/** A seed with a few random changes, as bytes. */
export const mutated: fc.Arbitrary<Buffer> = fc
  .tuple(fc.constantFrom(...seeds), fc.array(mutation, { maxLength: 6 }))
  .map(([seed, changes]) => Buffer.from(changes.reduce(apply, seed), "latin1"));
