import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { createBodyScanner, encodeChunks, endChunks } from "../../../../runtime/wire/http1/body.ts";
import { hasHeader, headerValue, headerValues, parseRequestHead } from "../../../../runtime/wire/http1/head.ts";

const long = "é".repeat(40);
const result = parseRequestHead(
  Buffer.from(
    `GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: zwei größer\r\nLong: ${long}\r\nPlain: ${"x".repeat(50)}\r\n\r\n`,
  ),
  0,
);

describe("headers on demand", () => {
  it("are found in any letter case, each line by itself, as UTF-8", () => {
    assert(result.kind === "head");
    const { head } = result;
    expect(headerValues(head, "x-a")).toEqual(["1", "zwei größer"]);
    expect(headerValue(head, "x-a")).toBe("1");
    expect(headerValue(head, "long")).toBe(long);
    expect(headerValue(head, "plain")).toBe("x".repeat(50));
    expect(headerValue(head, "absent")).toBeUndefined();
    expect(headerValues(head, "absent")).toEqual([]);
    expect([hasHeader(head, "x-a"), hasHeader(head, "x-"), hasHeader(head, "x-ab")]).toEqual([true, false, false]);
    // Host is not a header any more but the authority.
    expect(hasHeader(head, "host")).toBe(false);
  });
});

describe("chunks without input", () => {
  it("are nothing, or the last one", () => {
    const scanner = createBodyScanner({ kind: "chunked" });
    const nothing = Buffer.from("3\r");
    const step = scanner.scan(nothing, 0);
    assert(step.kind === "part");
    expect(encodeChunks(nothing, 0, step)).toHaveLength(0);
    expect(endChunks().toString()).toBe("0\r\n\r\n");
  });
});
