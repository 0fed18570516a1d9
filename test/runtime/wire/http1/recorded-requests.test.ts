import { describe, expect, it } from "vitest";
import { headerEntries, parseRequestHead } from "../../../../runtime/wire/http1/head.ts";

/** Answers of real Envoy to unusual requests (recorded: traffic/headers raw-inbound, large; security/normalization forms). */

const host = "Host: backend:8080\r\n";

function judge(raw: string): string {
  const result = parseRequestHead(Buffer.from(raw, "latin1"), 0);
  if (result.kind === "incomplete") return "waits";
  if (result.kind === "error") {
    const { status, body, details, flags } = result.error;
    return `${status} ${details} ${flags} ${JSON.stringify(body)}`;
  }
  return `${result.head.method} ${result.head.target} @${result.head.authority}`;
}

/** A request with one header of this size. */
function big(size: number): string {
  return `GET /x HTTP/1.1\r\n${host}x-big: ${"x".repeat(size)}\r\n\r\n`;
}

/** A request with this many headers besides Host. */
function many(count: number): string {
  return `GET /x HTTP/1.1\r\n${Array.from({ length: count }, (_, at) => `x-${at}: 1\r\n`).join("")}${host}\r\n`;
}

function closes(raw: string): boolean | undefined {
  const result = parseRequestHead(Buffer.from(raw), 0);
  return result.kind === "error" ? result.error.close : undefined;
}

function parse(headers: string): unknown {
  const result = parseRequestHead(Buffer.from(`POST / HTTP/1.1\r\nHost: h\r\n${headers}\r\n`), 0);
  return result.kind === "head" ? result.head : result;
}

function entries(headers: string): readonly (readonly [string, string])[] {
  const result = parseRequestHead(Buffer.from(`GET / HTTP/1.1\r\nHost: h\r\n${headers}\r\n`, "utf8"), 0);
  if (result.kind !== "head") throw new Error(JSON.stringify(result));
  return headerEntries(result.head);
}

const codec = `400 http1.codec_error DPE "Bad Request"`;
const characters = `400 http1.invalid_characters DPE "Bad Request"`;
const coding = `501 http1.invalid_transfer_encoding DPE "Not Implemented"`;
const version = `426 low_version DPE "Upgrade Required"`;
const passes = "GET /x @backend:8080";

describe("request heads as recorded", () => {
  it.each([
    ["HTTP/1.0", `GET /x HTTP/1.0\r\n${host}\r\n`, version],
    ["HTTP/1.0 without host", "GET /x HTTP/1.0\r\n\r\n", version],
    ["no version, before any header", "GET /x\r\n", version],
    ["HTTP/1.2", `GET /x HTTP/1.2\r\n${host}\r\n`, version],
    ["HTTP/2.0", `GET /x HTTP/2.0\r\n${host}\r\n`, version],
    ["no host", "GET /x HTTP/1.1\r\nConnection: close\r\n\r\n", `400 missing_host_header - ""`],
    ["bad method", `G@T /x HTTP/1.1\r\n${host}\r\n`, codec],
    ["lower-case method", `get /x HTTP/1.1\r\n${host}\r\n`, codec],
    ["unknown method", `FOO /x HTTP/1.1\r\n${host}\r\n`, codec],
    ["M-SEARCH", `M-SEARCH /x HTTP/1.1\r\n${host}\r\n`, codec],
    ["long method", `ABCDEFGHIJKLMNOPQRSTUVWXYZ /x HTTP/1.1\r\n${host}\r\n`, codec],
    ["no space", `GET/x HTTP/1.1\r\n${host}\r\n`, codec],
    ["two spaces", `GET  /x  HTTP/1.1\r\n${host}\r\n`, passes],
    ["tab", `GET\t/x HTTP/1.1\r\n${host}\r\n`, passes],
    ["no path", `GET HTTP/1.1\r\n${host}\r\n`, codec],
    ["relative path", `GET x HTTP/1.1\r\n${host}\r\n`, codec],
    ["query only", `GET ?x HTTP/1.1\r\n${host}\r\n`, codec],
    ["control byte in a name", `GET /x HTTP/1.1\r\n${host}x-b\u0001d: 1\r\n\r\n`, characters],
    ["NUL in a value", `GET /x HTTP/1.1\r\n${host}x-b: a\0b\r\n\r\n`, characters],
    ["control byte in a value", `GET /x HTTP/1.1\r\n${host}x-b: a\u0001b\r\n\r\n`, characters],
    ["blank before the colon", `GET /x HTTP/1.1\r\n${host}x-b : 1\r\n\r\n`, codec],
    ["no colon", `GET /x HTTP/1.1\r\n${host}x-b\r\n\r\n`, codec],
    ["empty name", `GET /x HTTP/1.1\r\n${host}: 1\r\n\r\n`, codec],
    ["folded line", `GET /x HTTP/1.1\r\n${host}x-b: 1\r\n 2\r\n\r\n`, passes],
    ["bare LF", "GET /x HTTP/1.1\r\nHost: backend\nConnection: close\n\n", "GET /x @backend"],
    ["length not a number", `POST /x HTTP/1.1\r\n${host}Content-Length: abc\r\n\r\n`, codec],
    ["negative length", `POST /x HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, codec],
    ["length twice", `POST /x HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 3\r\n\r\n`, codec],
    ["two lengths", `POST /x HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 4\r\n\r\n`, codec],
    [
      "length and chunked",
      `POST /x HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`,
      `400 http1.content_length_and_chunked_not_allowed DPE "Bad Request"`,
    ],
    ["gzip", `POST /x HTTP/1.1\r\n${host}Transfer-Encoding: gzip\r\n\r\n`, coding],
    ["gzip, chunked", `POST /x HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n`, coding],
    ["identity", `POST /x HTTP/1.1\r\n${host}Transfer-Encoding: identity\r\n\r\n`, coding],
    ["chunked in capitals", `POST /x HTTP/1.1\r\n${host}Transfer-Encoding: Chunked\r\n\r\n`, "POST /x @backend:8080"],
    ["h2c upgrade", `GET /x HTTP/1.1\r\n${host}Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n`, passes],
    ["CONNECT", `CONNECT backend:8080 HTTP/1.1\r\n${host}\r\n`, "CONNECT  @backend:8080"],
    ["CONNECT with a path", `CONNECT /x HTTP/1.1\r\n${host}\r\n`, `400 http1.invalid_url DPE "Bad Request"`],
    ["blank line first", `\r\nGET /x HTTP/1.1\r\n${host}\r\n`, passes],
    ["blank in the host", "GET /x HTTP/1.1\r\nHost: a b\r\n\r\n", `400 http.invalid_authority DPE "Bad Request"`],
    ["slash in the host", "GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n", `400 http.invalid_authority DPE "Bad Request"`],
    ["an empty host and another", `GET /x HTTP/1.1\r\nHost:\r\n${host}\r\n`, passes],
    ["the host nominated", `GET /x HTTP/1.1\r\n${host}Connection: host\r\n\r\n`, `400 missing_host_header - ""`],
    ["another forwarded header nominated", `GET /x HTTP/1.1\r\n${host}Connection: x-forwarded-port\r\n\r\n`, passes],
    ["QUERY", `QUERY /x HTTP/1.1\r\n${host}Content-Type: a/b\r\n\r\n`, "QUERY /x @backend:8080"],
    ["QUERY without a type", `QUERY /x HTTP/1.1\r\n${host}\r\n`, `400 query_missing_content_type - ""`],
    [
      "two faults: framing is told before the version",
      `POST /x HTTP/1.2\r\n${host}Transfer-Encoding: gzip\r\n\r\n`,
      coding,
    ],
    ["two faults: framing is told before the target", `GET * HTTP/1.1\r\n${host}Content-Length: x\r\n\r\n`, codec],
    ["a control byte in the first line", `GET /x\u0001 HTTP/1.1\r\n${host}\r\n`, characters],
    [
      "CONNECT with a body",
      `CONNECT a:1 HTTP/1.1\r\n${host}Content-Length: 1\r\n\r\n`,
      `400 http1.body_disallowed DPE "Bad Request"`,
    ],
    ["CONNECT in chunks", `CONNECT a:1 HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`, coding],
    ["CONNECT with a scheme", `CONNECT http://a:1/ HTTP/1.1\r\n${host}\r\n`, `400 http1.invalid_url DPE "Bad Request"`],
    [
      "chunked twice",
      `POST /x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
      coding,
    ],
    [
      "chunked, then nothing",
      `POST /x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n\r\n`,
      coding,
    ],
    ["two hosts", `GET /x HTTP/1.1\r\n${host}Host: evil.example\r\n\r\n`, "GET /x @backend:8080,evil.example"],
    ["empty host", "GET /x HTTP/1.1\r\nHost: \r\n\r\n", "GET /x @"],
    ["fragment", `GET /x#f HTTP/1.1\r\n${host}\r\n`, "GET /x#f @backend:8080"],
    ["non-ASCII target", `GET /\xc3\xa9 HTTP/1.1\r\n${host}\r\n`, codec],
    ["quotes", `GET /a"b<c> HTTP/1.1\r\n${host}\r\n`, `GET /a"b<c> @backend:8080`],
    ["absolute", `GET http://evil.example/admin HTTP/1.1\r\n${host}\r\n`, "GET /admin @evil.example"],
    ["absolute, capitals", `GET HTTP://backend:8080/admin HTTP/1.1\r\n${host}\r\n`, "GET /admin @backend:8080"],
    ["absolute, no path", `GET http://backend:8080 HTTP/1.1\r\n${host}\r\n`, "GET / @backend:8080"],
    ["absolute, user", `GET http://u:p@backend:8080/admin HTTP/1.1\r\n${host}\r\n`, "GET /admin @backend:8080"],
    ["absolute, query only", `GET http://backend:8080?x=1 HTTP/1.1\r\n${host}\r\n`, `404 absolute_path_rejected - ""`],
    [
      "absolute, other scheme",
      `GET ftp://backend/x HTTP/1.1\r\n${host}\r\n`,
      `400 http1.invalid_scheme DPE "Bad Request"`,
    ],
    ...[":", ":x", ":99999", ":1:2", ",b", "|b", "@c@d"].map((tail): [string, string, string] => [
      `absolute, authority a${tail}`,
      `GET http://a${tail}/x HTTP/1.1\r\n${host}\r\n`,
      tail === "|b" ? codec : `400 http1.invalid_url DPE "Bad Request"`,
    ]),
    ["absolute, IPv6", `GET http://[::1]:80/x HTTP/1.1\r\n${host}\r\n`, "GET /x @[::1]:80"],
    [
      "absolute, IPv6 cut short",
      `GET http://[::1/x HTTP/1.1\r\n${host}\r\n`,
      `400 http1.invalid_url DPE "Bad Request"`,
    ],
    ["OPTIONS *", `OPTIONS * HTTP/1.1\r\n${host}\r\n`, `404 absolute_path_rejected - ""`],
    ["GET *", `GET * HTTP/1.1\r\n${host}\r\n`, `400 http1.invalid_url DPE "Bad Request"`],
    ["a CR that ends nothing", `GET /x HTTP/1.1\r\n${host}x: a\rb\r\n\r\n`, codec],
    ["first header folded", `GET /x HTTP/1.1\r\n ${host}\r\n`, codec],
    [
      "a hidden forwarded header",
      `GET /x HTTP/1.1\r\n${host}Connection: x-forwarded-for\r\n\r\n`,
      `400 http1.connection_header_rejected DPE "Bad Request"`,
    ],
    [
      "ten nominations",
      `GET /x HTTP/1.1\r\n${host}Connection: a,b,c,d,e,f,g,h,i,j\r\n\r\n`,
      `400 http1.connection_header_rejected DPE "Bad Request"`,
    ],
  ])("%s", (_, raw, expected) => {
    expect(judge(raw)).toBe(expected);
  });

  it.each(["PURGE", "MKCOL", "LOCK", "REPORT", "SEARCH", "PROPFIND", "PATCH", "TRACE", "DELETE"])(
    "knows %s",
    (method) => {
      expect(judge(`${method} /x HTTP/1.1\r\n${host}\r\n`)).toBe(`${method} /x @backend:8080`);
    },
  );

  it("limits size and number of headers", () => {
    expect(judge(big(50_000))).toBe(passes);
    expect(judge(big(62_000))).toBe(`431 http1.headers_too_large DPE "Request Header Fields Too Large"`);
    expect(judge(big(62_000).slice(0, -4))).toBe(`431 http1.headers_too_large DPE "Request Header Fields Too Large"`);
    expect(judge(many(99))).toBe(passes);
    expect(judge(many(100))).toBe(`431 http1.too_many_headers DPE "Request Header Fields Too Large"`);
  });

  it("answers other protocols before their first line ends", () => {
    for (const raw of ["\u0016\u0003\u0001", "g", "{", " ", "\r\nx", "E", "K"]) expect(judge(raw)).toBe(codec);
    for (const raw of ["G", "P", "U", "A"]) expect(judge(raw)).toBe("waits");
  });

  it("waits where Envoy waits", () => {
    for (const raw of [
      "",
      "\r\n",
      "GET",
      "GET /x HT",
      "GET /x HTTP/1.1\r\n",
      `GET /x HTTP/1.1\r\n${host}`,
      `GET /x HTTP/1.1\r\n${host}\r`,
    ]) {
      expect(judge(raw)).toBe("waits");
    }
  });

  it("closes after a codec error, and keeps a connection whose request was whole", () => {
    expect(closes(`FOO / HTTP/1.1\r\n\r\n`)).toBe(true);
    expect(closes("GET / HTTP/1.1\r\n\r\n")).toBe(true);
    expect(closes(`OPTIONS * HTTP/1.1\r\n${host}\r\n`)).toBe(false);
    expect(closes(`OPTIONS * HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)).toBe(true);
    expect(closes(`OPTIONS * HTTP/1.1\r\n${host}Upgrade: websocket\r\nConnection: upgrade\r\n\r\n`)).toBe(true);
    expect(closes(`OPTIONS * HTTP/1.1\r\n${host}Content-Length: 4\r\n\r\n`)).toBe(true);
  });

  it("lets HTTP/1.0 through only when told", () => {
    const limits = { maxBytes: 61_440, maxHeaders: 100, http10: true };
    const bytes = Buffer.from("GET /x HTTP/1.0\r\nHost: backend\r\n\r\n");
    expect(parseRequestHead(bytes, 0, limits)).toMatchObject({
      kind: "head",
      head: { version: "1.0", authority: "backend", keepAlive: false },
    });
    const bare = parseRequestHead(Buffer.from("GET /x HTTP/1.0\r\n\r\n"), 0, limits);
    expect(bare).toMatchObject({ kind: "error", error: { status: 400, details: "missing_host_header" } });
  });
});

describe("headers that filters and the next hop see", () => {
  it.each([
    [
      "accept is joined, unknown names and cookies are not",
      "X-D: 1\r\nx-d: 2\r\ncookie: a=1\r\ncookie: b=2\r\naccept: x/y\r\nAccept: z/w\r\n",
      [
        ["x-d", "1"],
        ["x-d", "2"],
        ["cookie", "a=1"],
        ["cookie", "b=2"],
        ["accept", "x/y,z/w"],
      ],
    ],
    [
      "two Authorization lines are one value",
      "authorization: Bearer a\r\nauthorization: Bearer b\r\n",
      [["authorization", "Bearer a,Bearer b"]],
    ],
    ["te: gzip goes", "te: gzip\r\n", []],
    ["te: trailers stays alone", "te: gzip, trailers\r\n", [["te", "trailers"]]],
    ["nominated", "connection: x-hop, close\r\nx-hop: 1\r\nx-stays: 2\r\n", [["x-stays", "2"]]],
    ["keep-alive", "connection: keep-alive\r\nkeep-alive: timeout=5\r\n", []],
    ["proxy-connection", "proxy-connection: keep-alive\r\n", []],
    ["proxy-authorization stays", "proxy-authorization: Basic x\r\n", [["proxy-authorization", "Basic x"]]],
    [
      "empty, underscore, capitals",
      "x-empty:\r\nx_under: 1\r\nX-Upper-Case: V\r\n",
      [
        ["x-empty", ""],
        ["x_under", "1"],
        ["x-upper-case", "V"],
      ],
    ],
    [
      "blanks around values",
      "a:1\r\nb: \t 2 \t\r\nc: 3 4\r\n",
      [
        ["a", "1"],
        ["b", "2"],
        ["c", "3 4"],
      ],
    ],
    [
      "folded",
      "a: 1\r\n  2\r\n\t3\r\nb: x\r\n",
      [
        ["a", "1  2\t3"],
        ["b", "x"],
      ],
    ],
    ["UTF-8 values", "a: grün\r\n", [["a", "grün"]]],
    [
      "websocket",
      "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n",
      [
        ["upgrade", "websocket"],
        ["connection", "keep-alive, Upgrade"],
      ],
    ],
    [
      "websocket keeps what it nominates",
      "Connection: x-a\r\nConnection: upgrade\r\nX-A: 1\r\nUpgrade: websocket\r\n",
      [
        ["connection", "x-a,upgrade"],
        ["x-a", "1"],
        ["upgrade", "websocket"],
      ],
    ],
    ["conditions are one value", "If-Match: a\r\nif-match: b\r\n", [["if-match", "a,b"]]],
    ["empty lines leave no trace in a joined value", "accept:\r\naccept: a\r\n", [["accept", "a"]]],
    ["h2c", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\n", []],
    ["needless zeros", "content-length: 007\r\n", [["content-length", "7"]]],
  ])("%s", (_, headers, expected) => {
    expect(entries(headers)).toEqual(expected);
  });

  it("tells framing, keep-alive, upgrade, expectation", () => {
    expect(parse("")).toMatchObject({
      framing: { kind: "none" },
      keepAlive: true,
      upgrade: undefined,
      expectContinue: false,
    });
    expect(parse("content-length: 12\r\n")).toMatchObject({ framing: { kind: "length", length: 12 } });
    expect(parse("transfer-encoding: chunked\r\n")).toMatchObject({ framing: { kind: "chunked" } });
    expect(parse("connection: foo, Close\r\n")).toMatchObject({ keepAlive: false });
    expect(parse("proxy-connection: close\r\n")).toMatchObject({ keepAlive: false });
    expect(parse("connection: upgrade\r\nupgrade: WebSocket\r\n")).toMatchObject({ upgrade: "WebSocket" });
    expect(parse("upgrade: websocket\r\n")).toMatchObject({ upgrade: undefined });
    expect(parse("expect: 100-Continue\r\n")).toMatchObject({ expectContinue: true });
    expect(parse("content-length: 99999999999999999999\r\n")).toMatchObject({ kind: "error" });
  });
});
