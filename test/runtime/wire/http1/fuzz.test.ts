import assert from "node:assert/strict";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBodyScanner } from "../../../../runtime/wire/http1/body.ts";
import { headerEntries, mayComplete, parseRequestHead, type RequestHead } from "../../../../runtime/wire/http1/head.ts";
import { parseResponseHead } from "../../../../runtime/wire/http1/response-head.ts";
import { writeRequestHead, writeResponseHead } from "../../../../runtime/wire/http1/write.ts";
import { mutated, seeds } from "./mutation.ts";

const runs = { numRuns: 20_000, seed: 7 };

function meaning(head: RequestHead): unknown {
  const { method, target, authority, framing, upgrade, expectContinue } = head;
  return { method, target, authority, framing, upgrade, expectContinue, entries: headerEntries(head) };
}

describe("the codec under random input", () => {
  it("writes what reads back the same: meaning, framing and bytes", () => {
    let heads = 0;
    fc.assert(
      fc.property(mutated, (bytes) => {
        const result = parseRequestHead(bytes, 0);
        if (result.kind !== "head") return;
        heads += 1;
        const written = writeRequestHead(result.head);
        const again = parseRequestHead(written, 0);
        if (again.kind !== "head") throw new Error(`own output refused: ${JSON.stringify(written.toString("latin1"))}`);
        expect(again.next).toBe(written.length);
        expect(meaning(again.head)).toEqual(meaning(result.head));
        expect(writeRequestHead(again.head).equals(written)).toBe(true);
      }),
      runs,
    );
    // The property must not hold for want of heads.
    expect(heads).toBeGreaterThan(2000);
  });

  it("writes nothing ambiguous: CRLF only, one framing header, no control bytes", () => {
    fc.assert(
      fc.property(mutated, (bytes) => {
        const result = parseRequestHead(bytes, 0);
        if (result.kind !== "head") return;
        const text = writeRequestHead(result.head).toString("latin1");
        const lines = text.split("\r\n");
        expect(lines.splice(-2)).toEqual(["", ""]);
        const framing: string[] = [];
        for (const line of lines.slice(1)) {
          expect(line).toMatch(
            /^[!#$%&'*+\-.^_`|~0-9a-z]+: (?:[^\x00-\x08\x0a-\x1f\x7f \t](?:[^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x08\x0a-\x1f\x7f \t])?)?$/,
          );
          const name = line.slice(0, line.indexOf(":"));
          if (name === "content-length" || name === "transfer-encoding") framing.push(name);
        }
        const { kind } = result.head.framing;
        expect(framing).toEqual(
          kind === "length" ? ["content-length"] : kind === "chunked" ? ["transfer-encoding"] : [],
        );
      }),
      runs,
    );
  });

  it("reads the same wherever the bytes are cut", () => {
    fc.assert(
      fc.property(mutated, fc.nat(500), (bytes, place) => {
        const whole = parseRequestHead(bytes, 0);
        const first = parseRequestHead(bytes.subarray(0, place % (bytes.length + 1)), 0);
        // Once an answer is given, more bytes never change it.
        expect(first.kind === "incomplete" ? strip(whole) : strip(first)).toEqual(strip(whole));
      }),
      runs,
    );
  });

  it.each(seeds)("reads %j the same cut at every byte, and the shortcut for slow senders misses nothing", (seed) => {
    const bytes = Buffer.from(seed);
    const results = Array.from({ length: bytes.length + 1 }, (_, length) =>
      parseRequestHead(bytes.subarray(0, length), 0),
    );
    const first = results.findIndex((result) => result.kind !== "incomplete");
    expect(mayComplete(bytes.subarray(0, first), 0, first - 1)).toBe(true);
    expect(results.slice(first).map(strip)).toEqual(results.slice(first).map(() => strip(parseRequestHead(bytes, 0))));
  });

  it("never throws at responses or bodies either", () => {
    fc.assert(
      fc.property(mutated, fc.constantFrom("GET", "HEAD"), fc.nat(60), (bytes, method, place) => {
        const text = bytes.toString("latin1");
        const line = text.indexOf("\n") + 1;
        const raw = Buffer.from(`HTTP/1.1 200 OK\r\n${text.slice(line)}`, "latin1");
        const result = parseResponseHead(raw, 0, method);
        if (result.kind === "head") {
          const written = writeResponseHead(result.head);
          const again = parseResponseHead(written, 0, method);
          assert.equal(again.kind, "head");
          assert.deepEqual(again.kind === "head" && again.head.framing, result.head.framing);
        }
        const scanner = createBodyScanner({ kind: "chunked" });
        const step = scanner.scan(bytes.subarray(0, place), 0);
        if (step.kind === "part" && !step.done) scanner.scan(bytes.subarray(place), 0);
      }),
      runs,
    );
  });
});

function strip(result: ReturnType<typeof parseRequestHead>): unknown {
  if (result.kind === "head") return { next: result.next, ...Object(meaning(result.head)) };
  if (result.kind === "error") return { ...result.error, head: undefined };
  return result;
}
