import { type Attempt, type Marks, requestBytes, type Shot } from "./attempt.ts";

/** What tricks about framing are made of. */
interface Parts {
  /** The denied request. */
  readonly inner: string;
  /** It as the only chunk of a body. */
  readonly chunk: string;
  /** A body that ends at once for who reads chunks, and behind the denied request for who reads lengths. */
  readonly both: string;
  /** An allowed request around a body. */
  readonly post: (headers: readonly string[], body: string) => string;
  readonly get: (headers: readonly string[], body: string) => string;
}

const chunked = "Transfer-Encoding: chunked";

function length(text: string): string {
  return `Content-Length: ${text.length}`;
}

/** The denied request inside of the body of another: readers who disagree about lengths see two requests. */
const smuggled: readonly (readonly [name: string, write: (parts: Parts) => string])[] = [
  ["CL.TE", ({ post, both }) => post([length(both), chunked], both)],
  ["TE.CL", ({ post, chunk }) => post([chunked, "Content-Length: 4"], chunk)],
  ["CL.0", ({ post, inner }) => post(["Content-Length: 0"], inner)],
  ["CL.0, a length that nobody reads", ({ post, inner }) => post([length(inner)], inner)],
  ["GET with a body", ({ get, inner }) => get([length(inner)], inner)],
  ["two lengths", ({ post, inner }) => post(["Content-Length: 0", length(inner)], inner)],
  ["two lengths, the other first", ({ post, inner }) => post([length(inner), "Content-Length: 0"], inner)],
  ["a length with a plus", ({ post, inner }) => post([`Content-Length: +${inner.length}`], inner)],
  ["a length in two parts", ({ post, inner }) => post([`Content-Length: 0, ${inner.length}`], inner)],
  ...[
    ["a blank before the colon", "Transfer-Encoding : chunked"],
    ["xchunked", "Transfer-Encoding: xchunked"],
    ["a tab", "Transfer-Encoding:\tchunked"],
    ["folded", "Transfer-Encoding:\r\n chunked"],
    ["a vertical tab", "Transfer-Encoding:\vchunked"],
    ["in quotes", 'Transfer-Encoding: "chunked"'],
    ["chunked and identity", "Transfer-Encoding: chunked, identity"],
    ["behind a bare line feed", "X: x\nTransfer-Encoding: chunked"],
    ["behind a bare carriage return", "X: x\rTransfer-Encoding: chunked"],
    ["an underscore", "Transfer_Encoding: chunked"],
  ].map(
    ([name = "", line = ""]) =>
      [`TE.TE, ${name}`, ({ post, both }: Parts) => post([length(both), line], both)] as const,
  ),
  ["TE.TE, twice", ({ post, both }) => post([length(both), chunked, "Transfer-Encoding: x"], both)],
  ["a line break in a chunk extension", ({ post, inner }) => post([chunked], `0;\n\r\n\r\n${inner}`)],
  ["a chunk of 2^64 bytes", ({ post, inner }) => post([chunked], `10000000000000000\r\n\r\n0\r\n\r\n${inner}`)],
  ["behind trailers", ({ post, inner }) => post([chunked], `0\r\nX: x\r\n\r\n${inner}`)],
  ["behind an allowed request", ({ get, inner }) => get([], inner)],
];

/** The denied request by itself, written in a way on which readers disagree. */
const written: readonly (readonly [name: string, write: (shot: Shot, marker: string) => string])[] = [
  ["bare line feeds", (shot, marker) => requestBytes(shot, marker, { lineEnd: "\n" })],
  ["a folded header", (shot, marker) => requestBytes(shot, marker, { headers: [["x-fold", "a\r\n b"]] })],
  ["a folded host", (shot, marker) => requestBytes(shot, marker, { host: [`\r\n ${shot.authority}`] })],
  ["a NUL in a header", (shot, marker) => requestBytes(shot, marker, { headers: [["x-nul", "a\0b"]] })],
  ["a header without a name", (shot, marker) => requestBytes(shot, marker, { headers: [["", "x"]] })],
  ["an empty line in front", (shot, marker) => `\r\n${requestBytes(shot, marker)}`],
  ["HTTP/1.0", (shot, marker) => requestBytes(shot, marker, { version: "HTTP/1.0" })],
  ["HTTP/0.9", (shot, marker) => `${requestBytes(shot, marker).split(" HTTP/1.1")[0] ?? ""}\r\n`],
  ["HTTP/1.2", (shot, marker) => requestBytes(shot, marker, { version: "HTTP/1.2" })],
  ["two blanks in the first line", (shot, marker) => requestBytes(shot, marker).replace(" ", "  ")],
  ["a tab in the first line", (shot, marker) => requestBytes(shot, marker).replace(" ", "\t")],
  ["Expect: 100-continue", (shot, marker) => requestBytes(shot, marker, { headers: [["expect", "100-continue"]] })],
];

/** Requests whose ends are in dispute, and heads that are written badly. */
export function framingAttempts(shot: Shot): readonly Attempt[] {
  const attempt = (name: string, shown: string, write: (marks: Marks) => string): Attempt => ({
    technique: "framing",
    name,
    shown,
    write: (marks) => ({ kind: "bytes", bytes: write(marks) }),
    method: shot.method,
    carriers: [],
  });
  return [
    ...smuggled.map(([name, write]) =>
      attempt(name, `${shot.method} ${shot.path} inside of ${shot.open}`, (marks) => write(partsOf(shot, marks))),
    ),
    ...written.map(([name, write]) =>
      attempt(name, `${shot.method} ${shot.path}`, ({ marker }) => write(shot, marker)),
    ),
  ];
}

function partsOf(shot: Shot, { marker, outer }: Marks): Parts {
  const inner = requestBytes(shot, marker);
  const around = (method: string) => (headers: readonly string[], body: string) => {
    // Written as GET, so that it has no length of its own.
    const head = requestBytes(shot, outer, { method: "GET", target: shot.open, keepAlive: true }).slice(3, -2);
    return `${method}${head}${headers.map((line) => `${line}\r\n`).join("")}\r\n${body}`;
  };
  return {
    inner,
    chunk: `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
    both: `0\r\n\r\n${inner}`,
    post: around("POST"),
    get: around("GET"),
  };
}
