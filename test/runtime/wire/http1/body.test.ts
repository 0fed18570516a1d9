import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBodyScanner, encodeChunks, payloadOf } from "../../../../runtime/wire/http1/body.ts";
import type { Framing } from "../../../../runtime/wire/http1/semantics.ts";

interface Read {
  readonly body: string;
  readonly rest: string;
  readonly done: boolean;
  readonly error: string | undefined;
  /** What would be forwarded in chunked coding. */
  readonly chunks: string;
}

function read(framing: Framing, pieces: readonly Buffer[]): Read {
  const scanner = createBodyScanner(framing);
  let body = "";
  let chunks = "";
  for (const [at, piece] of pieces.entries()) {
    const step = scanner.scan(piece, 0);
    if (step.kind === "error") return { body, chunks, rest: "", done: false, error: step.error.details };
    body += payloadOf(piece, step).toString("latin1");
    chunks += encodeChunks(piece, 0, step).toString("latin1");
    expect(step.size).toBe(payloadOf(piece, step).length);
    if (step.done) {
      const rest = Buffer.concat([piece.subarray(step.end), ...pieces.slice(at + 1)]).toString("latin1");
      return { body, chunks, rest, done: true, error: undefined };
    }
    expect(step.end).toBe(piece.length);
  }
  return { body, chunks, rest: "", done: false, error: undefined };
}

const chunked: Framing = { kind: "chunked" };
const of = (text: string): readonly Buffer[] => [Buffer.from(text, "latin1")];

function cut(text: string, at: readonly number[]): readonly Buffer[] {
  const bytes = Buffer.from(text, "latin1");
  const cuts = [0, ...at.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((to, index) => bytes.subarray(cuts[index], to));
}

describe("bodies", () => {
  it("takes exactly the length", () => {
    expect(read({ kind: "length", length: 3 }, of("abcGET"))).toMatchObject({ body: "abc", rest: "GET", done: true });
    expect(read({ kind: "length", length: 3 }, of("ab"))).toMatchObject({ body: "ab", done: false });
    expect(read({ kind: "length", length: 0 }, of("GET"))).toMatchObject({ body: "", rest: "GET", done: true });
    expect(read({ kind: "none" }, of("GET"))).toMatchObject({ body: "", rest: "GET", done: true });
    expect(read({ kind: "until-close" }, of("abc"))).toMatchObject({ body: "abc", done: false });
  });

  it.each([
    ["plain", "3\r\nabc\r\n0\r\n\r\nGET", "abc", "GET"],
    ["two chunks", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde", ""],
    ["extension", "3;a=b\r\nabc\r\n0;x\r\n\r\n", "abc", ""],
    ["quoted extension", '3;a="b;c"\r\nabc\r\n0\r\n\r\n', "abc", ""],
    ["blanks after the size", "3 \r\nabc\r\n0\r\n\r\n", "abc", ""],
    ["trailers", "3\r\nabc\r\n0\r\nx-t: 1\r\nx-u: 2\r\n\r\nGET", "abc", "GET"],
    ["folded trailer", "0\r\nx: 1\r\n 2\r\n\r\nGET", "", "GET"],
    ["bare LF in trailers", "0\r\nx: 1\n\nGET", "", "GET"],
    ["bare LF at the end", "0\r\n\nGET", "", "GET"],
    ["leading zeros, capitals", "00A\r\n0123456789\r\n000\r\n\r\n", "0123456789", ""],
  ])("reads chunks: %s", (_, raw, body, rest) => {
    expect(read(chunked, of(raw))).toMatchObject({ body, rest, done: true });
    expect(
      read(
        chunked,
        cut(
          raw,
          Array.from({ length: raw.length }, (__, at) => at),
        ),
      ),
    ).toMatchObject({ body, rest, done: true });
  });

  it.each([
    ["no number", "zz\r\nabc\r\n0\r\n\r\n"],
    ["empty size", "\r\nabc\r\n0\r\n\r\n"],
    ["sign", "+3\r\nabc\r\n0\r\n\r\n"],
    ["0x", "0x3\r\nabc\r\n0\r\n\r\n"],
    ["blank before the size", " 3\r\nabc\r\n0\r\n\r\n"],
    ["underscore", "1_0\r\n"],
    ["too large", "fffffffffffffffff\r\n"],
    ["beyond exact numbers", "20000000000000\r\n"],
    ["bare LF after the size", "3\nabc\r\n0\r\n\r\n"],
    ["bare CR after the size", "3\rabc"],
    ["bare LF in an extension", "3;a\nabc\r\n0\r\n\r\n"],
    ["control byte in an extension", "3;\u0001\r\nabc\r\n"],
    ["data longer than the size", "3\r\nabcd\r\n0\r\n\r\n"],
    ["another byte than CR after data", "3\r\nabcX\n0\r\n\r\n"],
    ["bare LF after data", "3\r\nabc\n0\r\n\r\n"],
    ["trailer without colon", "0\r\nx\r\n\r\n"],
    ["first trailer folded", "0\r\n x: 1\r\n\r\n"],
    ["bare CR in trailers", "0\r\nx: 1\ry\r\n\r\n"],
    ["blank before a trailer's colon", "0\r\nx : 1\r\n\r\n"],
    ["bad trailer name", "0\r\nx y: 1\r\n\r\n"],
  ])("refuses %s", (_, raw) => {
    expect(read(chunked, of(raw)).error).toBe("http1.codec_error");
  });

  it("names control bytes in trailers as Envoy does", () => {
    expect(read(chunked, of("0\r\nx: \u0001\r\n\r\n")).error).toBe("http1.invalid_characters");
  });

  it("bounds size lines and trailers", () => {
    expect(read(chunked, of(`1;${"x".repeat(5000)}`)).error).toBe("http1.codec_error");
    expect(read(chunked, of(`0\r\nx: ${"y".repeat(70_000)}`)).error).toBe("http1.headers_too_large");
  });

  it("forwards canonical input without a copy, and rewrites the rest", () => {
    const bytes = Buffer.from("3\r\nabc\r\n0\r\n\r\n");
    const step = createBodyScanner(chunked).scan(bytes, 0);
    expect(step).toMatchObject({ kind: "part", verbatim: true });
    expect(read(chunked, of("3;x=1\r\nabc\r\n02\r\nde\r\n0\r\nt: 1\r\n\r\n")).chunks).toBe("5\r\nabcde\r\n0\r\n\r\n");
  });

  it("means the same however it is cut, and what it forwards means the same again", () => {
    const chunk = fc.record({
      data: fc.string({ minLength: 1, maxLength: 40, unit: "binary-ascii" }),
      extension: fc.constantFrom("", ";a", ";a=b", " "),
      zeros: fc.constantFrom("", "0", "00"),
    });
    const trailers = fc.constantFrom("", "x-t: 1\r\n", "a: b\r\nc: d\r\n");
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 5 }),
        trailers,
        fc.array(fc.nat(), { maxLength: 6 }),
        (parts, tail, cuts) => {
          const wire = parts
            .map(({ data, extension, zeros }) => `${zeros}${data.length.toString(16)}${extension}\r\n${data}\r\n`)
            .join("");
          const raw = `${wire}0\r\n${tail}\r\nNEXT`;
          const body = parts.map(({ data }) => data).join("");
          const result = read(chunked, cut(raw, cuts));
          expect(result).toMatchObject({ body, rest: "NEXT", done: true });
          const again = read(chunked, of(result.chunks));
          expect(again).toMatchObject({ body, rest: "", done: true });
        },
      ),
    );
  });
});
