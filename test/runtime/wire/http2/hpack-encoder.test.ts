import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameWriter } from "../../../../runtime/wire/http2/frame-writer.ts";
import { HpackDecoder } from "../../../../runtime/wire/http2/hpack-decoder.ts";
import { HpackEncoder } from "../../../../runtime/wire/http2/hpack-encoder.ts";

type List = readonly (readonly [name: string, value: string])[];

function encode(encoder: HpackEncoder, list: List): Buffer {
  const writer = new FrameWriter();
  encoder.begin(writer);
  for (const [name, value] of list) encoder.field(writer, name, value);
  return writer.take();
}

function decode(decoder: HpackDecoder, bytes: Buffer): unknown {
  return decoder.decode(bytes, 0, bytes.length)?.map(({ name, value }) => [name.text, value]);
}

const names = fc.constantFrom(":path", ":status", "accept", "cookie", "authorization", "x-a", "x-b", "x-c", "date");
const values = fc.oneof(
  fc.constantFrom("", "200", "/", "a", "b", "x".repeat(300), "y".repeat(900), "z".repeat(5000)),
  fc.string({ unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 60 }),
);

it("whatever is written, in any order, under tables of any size, is read as it was", () => {
  const step = fc.record({
    size: fc.option(fc.constantFrom(0, 40, 100, 500, 4096, 65_536), { nil: undefined, freq: 3 }),
    list: fc.array(fc.tuple(names, values), { maxLength: 12 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder();
      for (const { size, list } of steps) {
        if (size !== undefined) encoder.resize(size);
        expect(decode(decoder, encode(encoder, list))).toEqual(list);
      }
    }),
  );
});

describe("what enters the table", () => {
  it("is what comes again", () => {
    const encoder = new HpackEncoder();
    const list: List = [["x-caller", "frontend"]];
    const sizes = Array.from({ length: 3 }, () => encode(encoder, list).length);
    expect(sizes).toEqual([19, 19, 1]);
  });

  it("is no value that never comes again, and no secret", () => {
    const encoder = new HpackEncoder();
    for (let i = 0; i < 100; i += 1) encode(encoder, [["x-request-id", `${i}`]]);
    const secret: List = [["authorization", "Bearer x"]];
    for (let i = 0; i < 3; i += 1) encode(encoder, secret);
    // Never indexed (RFC 7541 §6.2.3), the name by its place in the static table.
    expect(encode(encoder, secret).subarray(0, 2)).toEqual(Buffer.from([0x1f, 8]));
    expect(encode(encoder, [["x-request-id", "99"]])[0]).toBe(0x40);
    expect(encode(encoder, [["x-request-id", "98"]])[0]).toBe(0x7e);
  });

  it("is nothing of a peer that keeps no table, and names without end are not remembered", () => {
    const encoder = new HpackEncoder();
    encoder.resize(0);
    const decoder = new HpackDecoder();
    for (let i = 0; i < 1000; i += 1) {
      const list: List = [[`x-${i}`, "a"]];
      expect(decode(decoder, encode(encoder, list))).toEqual(list);
    }
    expect(encode(encoder, [["x-999", "a"]])).toEqual(encode(encoder, [["x-999", "a"]]));
  });
});
