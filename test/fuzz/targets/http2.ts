import { endHeaders, endStream, frame, frameType, preface, readFrames } from "../../bench/http2-frames.ts";
import { headerBlock } from "../../support/http2-raw.ts";
import { createPeer, type Heard, type Peer } from "../http2-peer.ts";
import { cut } from "../mutate.ts";
import type { Random } from "../random.ts";
import { everyByte, must, same, type Target } from "../target.ts";

const own = { maxConcurrentStreams: 5, window: 300, connectionWindow: 70_000 };

/** Frames of a caller that keeps most rules, with a few changes, read by a server that answers with what it got. */
export const http2: Target = {
  name: "http2",
  weight: 20,
  run: (random) => {
    const frames = [frame(frameType.settings, 0, 0, settingsOf(random)), ...compose(random)];
    const sound = Buffer.concat([preface, ...frames]);
    const input = random.oneIn(3) ? spoil(sound, random) : sound;
    const whole = serve([input]);
    const split = serve(random.oneIn(64) ? everyByte(input) : cut(input, random));
    same(split, whole, "another reading in pieces", input);
    must(!whole.failed || whole.wire.endsWith("goaway"), "a failure that was not told", input);
    must(whole.open <= own.maxConcurrentStreams, "too many streams", input);
    must(!whole.failed || whole.heard.every(([, { end }]) => end !== "open"), "a stream that was not told", input);
    return whole.failed
      ? "failed"
      : whole.heard.some(([, { end }]) => end === "complete")
        ? "answered"
        : "nothing whole";
  },
};

interface Served {
  readonly heard: readonly (readonly [number, Heard])[];
  /** Types of the frames that went back, and all their bytes. */
  readonly wire: string;
  readonly failed: boolean;
  readonly open: number;
}

function serve(pieces: readonly Buffer[]): Served {
  let turn = 0;
  const peer: Peer = createPeer({
    role: "server",
    own,
    onOutput: () => undefined,
    takes: () => {
      turn += 1;
      return turn % 5 !== 0;
    },
    onComplete: (stream, { body }) => {
      const { outbox } = peer.session;
      const bytes = Buffer.from(body, "latin1");
      outbox.headers(stream, [":status", "200", "x-length", `${bytes.length}`], false);
      outbox.write(stream, bytes, [0, bytes.length], bytes.length, true, ["x-end", "1"]);
    },
  });
  for (const piece of pieces) peer.session.receive(piece);
  // Whoever paused goes on in the end; a connection that has failed is given up at once.
  for (let round = 0; round < 50 && !peer.failed(); round += 1)
    for (const stream of peer.session.streams.all()) peer.session.resume(stream);
  let wire = "";
  const bytes = peer.session.outbox.writer.take();
  readFrames(({ type, stream, flags, start, end }) => {
    wire += `${type}.${stream}.${flags}.${bytes.toString("latin1", start, end)} `;
    if (type === frameType.goaway) wire += "goaway";
  })(bytes);
  const open = peer.session.streams.size;
  if (peer.failed()) peer.session.abandon();
  return { heard: [...peer.heard], wire, failed: peer.failed(), open };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function settingsOf(random: Random): Buffer {
  if (random.oneIn(2)) return Buffer.alloc(0);
  const id = random.pick([1, 2, 3, 4, 5, 6, 8, 99]);
  const value = random.pick([0, 1, 2, 100, 4096, 16_384, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]);
  return Buffer.concat([Buffer.from([0, id]), uint32(value)]);
}

const lists: readonly [readonly (readonly [string, string])[], ...(readonly (readonly [string, string])[])[]] = [
  [
    [":method", "GET"],
    [":path", "/"],
    [":scheme", "http"],
    [":authority", "a"],
  ],
  [
    [":method", "POST"],
    ["x-a", "b".repeat(60)],
    ["cookie", "a"],
    ["cookie", "b"],
  ],
  [],
];

/** Blocks with references to tables and Huffman code, as well as plain ones; now and then one that may be wrong. */
function blockOf(random: Random): Buffer {
  if (random.oneIn(12)) return Buffer.from(random.pick(["be", "c0", "20", "82bf", "3fe11f82", "84"]), "hex");
  if (random.oneIn(2)) return headerBlock(random.pick(lists));
  return Buffer.from(
    random.pick([
      "8286",
      "828684418cf1e3c2e5f23a6ba0ab90f4ff",
      "82868458",
      "408825a849e95ba97d7f8925a849e95bb8e8b4bf",
      "20828684400161016290",
    ]) + (random.oneIn(2) ? "" : "400161016290"),
    "hex",
  );
}

function compose(random: Random): readonly Buffer[] {
  let next = 1;
  const open: number[] = [];
  /** Now and then of a stream that is over or was never there. */
  const id = (): number => (random.oneIn(15) ? 1 + 2 * random.below(6) : (open[random.below(open.length)] ?? next));
  const end = (): number => (random.oneIn(2) ? endStream : 0);
  const begin = (type: (id: number, flags: number) => Buffer): Buffer => {
    const flags = end();
    const opened = type(next, flags);
    if (flags === 0) open.push(next);
    next += 2;
    return opened;
  };
  const finish = (type: (id: number) => Buffer): Buffer => {
    const at = random.below(open.length);
    const one = open[at] ?? next;
    if (!random.oneIn(15)) open.splice(at, 1);
    return type(one);
  };
  const plain = (stream: number, flags: number): Buffer =>
    frame(frameType.headers, endHeaders | flags, stream, blockOf(random));
  return Array.from({ length: 1 + random.below(14) }, () => {
    if (open.length === 0 && !random.oneIn(6)) return begin(plain);
    switch (random.below(16)) {
      case 0:
        return frame(frameType.settings, random.below(2), 0, random.oneIn(4) ? settingsOf(random) : Buffer.alloc(0));
      case 1:
        return frame(frameType.ping, random.below(2), 0, Buffer.alloc(8));
      case 2:
        return frame(frameType.windowUpdate, 0, random.oneIn(2) ? 0 : id(), uint32(random.pick([1, 500, 500, 70_000])));
      case 3:
        return finish((stream) => frame(frameType.reset, 0, stream, uint32(random.below(14))));
      case 4:
        return frame(random.pick([2, 2, 0xa]), 0, id(), Buffer.alloc(5));
      case 5:
        return random.oneIn(8) ? frame(frameType.goaway, 0, 0, Buffer.alloc(8)) : Buffer.alloc(0);
      case 6:
        return begin((stream, flags) => {
          const block = headerBlock(random.pick(lists));
          const at = random.below(block.length + 1);
          return Buffer.concat([
            frame(frameType.headers, flags, stream, block.subarray(0, at)),
            frame(9, endHeaders, stream, block.subarray(at)),
          ]);
        });
      case 7:
      case 8:
      case 9:
        return frame(frameType.data, 0, id(), Buffer.alloc(random.pick([1, 50, 100, 100, 299]), "d"));
      case 10:
        return frame(frameType.data, 8, id(), Buffer.from([random.below(4), 1, 2, 0, 0]));
      case 11:
      case 12:
        return finish((stream) => frame(frameType.data, endStream, stream, Buffer.alloc(random.below(60), "e")));
      case 13:
        return finish((stream) => plain(stream, endStream));
      default:
        return begin(plain);
    }
  });
}

/** A few bytes changed, put in or taken away behind the preface. */
function spoil(input: Buffer, random: Random): Buffer {
  const bytes = [...input];
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const at = preface.length + random.below(Math.max(1, bytes.length - preface.length));
    if (random.oneIn(2)) bytes[at] = random.below(256);
    else bytes.splice(at, random.below(3), ...Array.from({ length: random.below(3) }, () => random.below(256)));
  }
  return Buffer.from(bytes);
}
