import { describe, expect, it } from "vitest";
import { parseClientHello } from "../../runtime/wire/client-hello.ts";
import { parseRequestHead } from "../../runtime/wire/http1/head.ts";
import { parseResponseHead } from "../../runtime/wire/http1/response-head.ts";
import { fuzz } from "./fuzz.ts";
import { requestSeeds } from "./seeds.ts";
import { headersOf, readConnection } from "./stream.ts";
import { targets } from "./targets.ts";

/** The short part of the fuzzing; `node test/fuzz/run.ts` is the long one. */
const inputs = 20_000;

describe("bytes from strangers", () => {
  it.each(targets)("$name", async (target) => {
    const count = target.few ?? inputs;
    const { classes } = await fuzz(target, 20_261_124, 0, count);
    // Promises must not hold for want of inputs that get anywhere.
    const common = [...classes].filter(([, seen]) => seen >= count / 200);
    expect(common.length).toBeGreaterThanOrEqual(3);
  });

  it("says in words what a broken promise is, and for which input", async () => {
    const broken = { name: "never", weight: 1, run: () => expect.fail("a promise") };
    await expect(fuzz(broken, 1, 5, 1)).rejects.toThrow("never, seed 1, input 5: a promise");
  });
});

/** Found by fuzzing. */
describe("once found", () => {
  it("a blank and a bare LF behind a value are not taken for CRLF", () => {
    const request = readConnection([Buffer.from("GET / HTTP/1.1\r\nHost: a\r\nX: 1 \nY: 2\r\n\r\n")]);
    expect(request.requests[0]?.wire).toBe("GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\ny: 2\r\n\r\n");
    const response = parseResponseHead(Buffer.from("HTTP/1.1 200 OK\r\nX: 1\t\nContent-Length: 0\r\n\r\n"), 0, "GET");
    expect(response.kind === "head" && headersOf(response.head)).toEqual([
      ["x", "1"],
      ["content-length", "0"],
    ]);
    expect(response.kind === "head" && response.head.bytes.includes("\t\n")).toBe(false);
  });
});

it("a TLS record that holds more than its ClientHello is refused as soon as its length says so", () => {
  const body = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32), Buffer.from("0000021301010000", "hex")]).subarray(
    0,
    41,
  );
  const hello = Buffer.concat([Buffer.from([1, 0, 0, body.length]), body]);
  const record = Buffer.concat([Buffer.from([0x16, 3, 1, 0, hello.length + 3]), hello]);
  expect(parseClientHello(record)).toEqual({ kind: "not-tls" });
  record[4] = hello.length;
  expect(parseClientHello(record)).toMatchObject({ kind: "hello" });
});

it.each(requestSeeds)("%j reads the same cut at every byte", (seed) => {
  const bytes = Buffer.from(seed, "latin1");
  const results = Array.from({ length: bytes.length + 1 }, (_, length) => kindOf(bytes.subarray(0, length)));
  const first = results.findIndex((kind) => kind !== "incomplete");
  expect(new Set(results.slice(first))).toEqual(new Set([kindOf(bytes)]));
});

function kindOf(bytes: Buffer): string {
  const result = parseRequestHead(bytes, 0);
  return result.kind === "head" ? `head ${result.next}` : result.kind === "error" ? result.error.details : result.kind;
}
