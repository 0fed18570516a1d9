import fc from "fast-check";
import { expect, it } from "vitest";
import { frame } from "../../../bench/http2-frames.ts";
import { FrameReader } from "../../../../runtime/wire/http2/frame-reader.ts";

function read(reader: FrameReader, chunk: Buffer): string[] {
  const seen: string[] = [];
  reader.read(chunk, {
    onFrame: (type, flags, stream, bytes, from, to) => {
      seen.push(`${type} ${flags} ${stream} ${bytes.toString("latin1", from, to)}`);
      return type !== 99;
    },
    fail: (code, reason) => seen.push(`${code} ${reason}`),
  });
  return seen;
}

const greeting = Buffer.from("HELLO");

it("reads the same frames however they are cut", () => {
  const frames = fc.array(
    fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 255 }), fc.nat({ max: 0x7fff_ffff }), fc.string({ maxLength: 40 })),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(frames, fc.array(fc.nat({ max: 30 }), { minLength: 1 }), (list, cuts) => {
      const bytes = Buffer.concat([
        greeting,
        ...list.map(([type, flags, stream, text]) => frame(type, flags, stream, Buffer.from(text, "latin1"))),
      ]);
      const whole = read(new FrameReader(greeting), bytes);
      expect(whole).toHaveLength(list.length);
      const reader = new FrameReader(greeting);
      const pieces: string[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = 1 + (cuts[turn % cuts.length] ?? 0);
        pieces.push(...read(reader, bytes.subarray(at, at + size)));
        at += size;
      }
      expect(pieces).toEqual(whole);
    }),
  );
});

it("the reserved bit of a stream's number means nothing", () => {
  const bytes = frame(0, 0, 1, Buffer.from("x"));
  bytes[5] = 0x80;
  expect(read(new FrameReader(Buffer.alloc(0)), bytes)).toEqual(["0 0 1 x"]);
});

it("stops at another greeting, at a frame that is too long, and when nothing more is wanted", () => {
  expect(read(new FrameReader(greeting), Buffer.from("HELP"))).toEqual(["1 no HTTP/2 preface"]);
  const long = Buffer.from([0, 0x40, 1, 0, 0, 0, 0, 0, 1]);
  expect(read(new FrameReader(Buffer.alloc(0)), long)).toEqual(["6 frame too large"]);
  const reader = new FrameReader(Buffer.alloc(0));
  expect(read(reader, long.subarray(0, 4))).toEqual([]);
  expect(read(reader, long.subarray(4))).toEqual(["6 frame too large"]);
  const last = Buffer.concat([frame(99, 0, 0, Buffer.alloc(0)), frame(1, 0, 1, Buffer.alloc(0))]);
  expect(read(new FrameReader(Buffer.alloc(0)), last)).toEqual(["99 0 0 "]);
});
