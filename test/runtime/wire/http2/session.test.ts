import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endHeaders, endStream, frame, frameType, preface, readFrames } from "../../../bench/http2-frames.ts";
import { data, get, headerBlock, headers, settings } from "../../../support/http2-raw.ts";
import { Session } from "../../../../runtime/wire/http2/session.ts";
import type { Http2Stream, StreamReader } from "../../../../runtime/wire/http2/stream.ts";

const own = { maxConcurrentStreams: 4, window: 1000, connectionWindow: 70_000 };

/** A session and what became of it. */
function open(role: "server" | "client" = "server", takes: () => boolean = () => true) {
  const told: string[] = [];
  const streams: Http2Stream[] = [];
  const readerOf = (stream: Http2Stream): StreamReader => ({
    onHead: (fields, ended) => {
      stream.headed = true;
      told.push(`head ${stream.id} ${fields.length}${ended ? " end" : ""}`);
    },
    onData: (bytes, from, to, ended) => {
      told.push(`data ${stream.id} ${bytes.toString("latin1", from, to)}${ended ? " end" : ""}`);
      return takes();
    },
    onTrailers: (fields) => told.push(`trailers ${stream.id} ${fields.length}`),
    onReset: (code) => told.push(`reset ${stream.id} ${code}`),
    onWrongLength: () => told.push(`length ${stream.id}`),
    onDrain: () => told.push(`drain ${stream.id}`),
  });
  const session = new Session(role, own, {
    onOutput: () => undefined,
    onFull: () => undefined,
    onRequest: (stream, fields, ended) => {
      streams.push(stream);
      stream.reader = readerOf(stream);
      told.push(`request ${stream.id} ${fields.length}${ended ? " end" : ""}`);
    },
    onStreamEnd: () => undefined,
    onGoaway: () => told.push("goaway"),
    onFailed: () => told.push("failed"),
  });
  session.start();
  const opening = session.outbox.writer.take();
  const ask = (): Http2Stream => {
    const stream = session.open();
    if (stream === undefined) throw new Error("no stream");
    stream.reader = readerOf(stream);
    streams.push(stream);
    return stream;
  };
  return { session, told, streams, ask, opening };
}

/** The frames that wait, as text. */
function sent(session: Session): string[] {
  const seen: string[] = [];
  readFrames(({ type, flags, stream, start, end }, bytes) => {
    const code = type === frameType.goaway ? bytes.readUInt32BE(start + 4) : undefined;
    const number = type === frameType.reset || type === frameType.windowUpdate ? bytes.readUInt32BE(start) : undefined;
    const payload = type === frameType.data ? ` ${end - start}` : "";
    const done = type <= 1 && (flags & endStream) !== 0 ? " end" : "";
    const name = ["DATA", "HEADERS", "", "RST", "SETTINGS", "", "PING", "GOAWAY", "WINDOW", "CONTINUATION"][type];
    seen.push(
      `${name} ${stream}${payload}${code === undefined ? "" : ` ${code}`}${number === undefined ? "" : ` ${number}`}${done}`,
    );
  })(session.outbox.writer.take());
  return seen;
}

function serve(...frames: readonly Buffer[]) {
  const opened = open();
  opened.session.receive(Buffer.concat([preface, settings, ...frames]));
  return { ...opened, seen: sent(opened.session) };
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const setting = (id: number, value: number): Buffer =>
  frame(frameType.settings, 0, 0, Buffer.concat([Buffer.from([0, id]), uint32(value)]));
const windowUpdate = (stream: number, bytes: number): Buffer => frame(frameType.windowUpdate, 0, stream, uint32(bytes));
const post = [[":method", "POST"], ...get("/x").slice(1)] as const;
const empty = Buffer.alloc(0);

describe("what ends the connection, and how it is told", () => {
  const tooLong = Buffer.from([0, 0x40, 1, 0, 0, 0, 0, 0, 1]);
  it.each([
    [6, "a frame over the limit", tooLong],
    [1, "DATA of no stream", data(0, "x")],
    [1, "DATA of an idle stream", data(1, "x")],
    [5, "DATA behind the end", Buffer.concat([headers(1, post), data(1, "x")])],
    [1, "more padding than payload", Buffer.concat([headers(1, post, false), frame(0, 8, 1, Buffer.from([1]))])],
    [3, "DATA beyond the window", Buffer.concat([headers(1, post, false), data(1, "x".repeat(1001))])],
    [1, "HEADERS of no stream", headers(0, get("/"))],
    [1, "a stream of even number", headers(2, get("/"))],
    [1, "a stream of lower number", Buffer.concat([headers(5, get("/")), headers(3, get("/"))])],
    [1, "a stream that depends on itself", frame(1, 0x25, 1, Buffer.concat([uint32(1), Buffer.from([9])]))],
    [9, "a block that is no HPACK", frame(1, 5, 1, Buffer.alloc(6, 0xff))],
    [1, "another frame within a block", Buffer.concat([frame(1, 0, 1, headerBlock(get("/"))), windowUpdate(0, 1)])],
    [1, "another stream's CONTINUATION", Buffer.concat([frame(1, 0, 1, headerBlock(get("/"))), frame(9, 4, 3, empty)])],
    [1, "CONTINUATION of nothing", frame(9, 4, 1, empty)],
    [1, "a second head", Buffer.concat([headers(1, post, false), headers(1, [["a", "b"]], false)])],
    [5, "HEADERS behind the end", Buffer.concat([headers(1, post), headers(1, [["a", "b"]])])],
    [6, "a PRIORITY of four bytes", frame(2, 0, 1, uint32(0))],
    [1, "a PRIORITY of no stream", frame(2, 0, 0, Buffer.alloc(5))],
    [1, "RST_STREAM of an idle stream", frame(3, 0, 1, uint32(8))],
    [6, "RST_STREAM of three bytes", Buffer.concat([headers(1, post, false), frame(3, 0, 1, Buffer.alloc(3))])],
    [1, "SETTINGS of a stream", frame(4, 0, 1, empty)],
    [6, "SETTINGS of five bytes", frame(4, 0, 0, Buffer.alloc(5))],
    [6, "an acknowledgement that says something", frame(4, 1, 0, Buffer.alloc(6))],
    [1, "ENABLE_PUSH of 2", setting(2, 2)],
    [3, "a window over 2^31-1", setting(4, 2 ** 31)],
    [1, "frames smaller than 16384", setting(5, 16_383)],
    [1, "PUSH_PROMISE", frame(5, 4, 1, uint32(2))],
    [6, "a PING of seven bytes", frame(6, 0, 0, Buffer.alloc(7))],
    [1, "a PING of a stream", frame(6, 0, 1, Buffer.alloc(8))],
    [6, "a short GOAWAY", frame(7, 0, 0, Buffer.alloc(7))],
    [1, "a WINDOW_UPDATE of nothing", windowUpdate(0, 0)],
    [6, "a WINDOW_UPDATE of three bytes", frame(8, 0, 0, Buffer.alloc(3))],
    [3, "a connection window over 2^31-1", windowUpdate(0, 2 ** 31 - 1)],
    [1, "WINDOW_UPDATE of an idle stream", windowUpdate(1, 1)],
    [
      11,
      "two empty DATA frames in a row",
      Buffer.concat([headers(1, post, false), data(1, "", false), data(1, "", false)]),
    ],
    [
      11,
      "padding without end",
      Buffer.concat([headers(1, post, false), ...Array.from({ length: 2 }, () => frame(0, 8, 1, Buffer.from([1, 0])))]),
    ],
    [
      11,
      "empty CONTINUATION frames",
      Buffer.concat([frame(1, 0, 1, headerBlock(get("/"))), frame(9, 0, 1, empty), frame(9, 0, 1, empty)]),
    ],
    [
      11,
      "a block without end",
      Buffer.concat([
        frame(1, 0, 1, headerBlock(get("/"))),
        ...Array.from({ length: 5 }, () => frame(9, 0, 1, Buffer.alloc(16_000))),
      ]),
    ],
    [11, "PRIORITY without end", Buffer.concat(Array.from({ length: 101 }, () => frame(2, 0, 3, Buffer.alloc(5))))],
    [11, "WINDOW_UPDATE without end", Buffer.concat(Array.from({ length: 6 }, () => windowUpdate(0, 1)))],
  ] as const)("code %s: %s", (code, _, frames) => {
    const { session, told } = open();
    session.receive(Buffer.concat([preface, settings, frames]));
    expect(told.at(-1)).toBe("failed");
    expect(sent(session).at(-1)).toBe(`GOAWAY 0 ${code}`);
    session.receive(headers(9, get("/")));
    expect(told.at(-1)).toBe("failed");
  });

  it.each([
    [1, "anything before the settings", Buffer.concat([preface, headers(1, get("/"))])],
    [1, "another greeting", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    [1, "an acknowledgement before the settings", Buffer.concat([preface, frame(frameType.settings, 1, 0, empty)])],
  ] as const)("code %s: %s", (code, _, bytes) => {
    const { session, told } = open();
    session.receive(bytes);
    expect([told, sent(session)]).toEqual([["failed"], [`GOAWAY 0 ${code}`]]);
  });

  it("leaves no stream unaware", () => {
    const { session, told } = serve(headers(1, post, false), headers(3, post, false));
    session.abandon();
    expect(told.slice(2)).toEqual(["reset 1 undefined", "reset 3 undefined"]);
  });
});

describe("what ends a stream alone", () => {
  it.each([
    ["more body than promised", "hello"],
    ["less body than promised", "x"],
  ])("%s", (_, body) => {
    const { session, told, streams } = serve(headers(1, post, false));
    const [stream] = streams;
    if (stream !== undefined) stream.promised = 3;
    session.receive(data(1, body));
    expect([told.at(-1), ...sent(session)]).toEqual(["length 1", "RST 1 1"]);
  });

  it("trailers before the promised length", () => {
    const { session, told, streams } = serve(headers(1, post, false));
    const [stream] = streams;
    if (stream !== undefined) stream.promised = 3;
    session.receive(headers(1, [["a", "b"]]));
    expect([told.at(-1), ...sent(session)]).toEqual(["length 1", "RST 1 1"]);
  });

  it("a window over 2^31-1", () => {
    const { told, seen } = serve(headers(1, post, false), windowUpdate(1, 2 ** 31 - 1));
    expect([told.at(-1), seen.at(-1)]).toEqual(["reset 1 1", "RST 1 3"]);
  });

  it("one stream more than we said", () => {
    const { told, seen } = serve(...[1, 3, 5, 7, 9].map((id) => headers(id, post, false)), data(9, "late"));
    expect(told.at(-1)).toBe("request 7 4");
    expect(seen.at(-1)).toBe("RST 9 7");
  });

  it("the peer's reset", () => {
    const { told } = serve(headers(1, post, false), frame(3, 0, 1, uint32(0xffff_ffff)));
    expect(told.at(-1)).toBe("reset 1 4294967295");
  });
});

it("frames that crossed our reset are no fault, and count against no window", () => {
  const { session, streams, told } = serve(headers(1, post, false));
  const [stream] = streams;
  if (stream === undefined) throw new Error("no stream");
  session.reset(stream, 8);
  for (let i = 0; i < 200; i += 1) session.receive(data(1, "x".repeat(900), false));
  session.receive(
    Buffer.concat([headers(1, [["a", "b"]]), windowUpdate(1, 1), frame(3, 0, 1, uint32(8)), headers(3, get("/"))]),
  );
  expect(told.slice(1)).toEqual(["request 3 4 end"]);
  expect(sent(session).filter((each) => each.startsWith("WINDOW 0"))).not.toEqual([]);
});

it("frames of unknown types, padding, priorities and the split of a block mean nothing", () => {
  const block = headerBlock(get("/"));
  const padded = Buffer.concat([Buffer.from([3]), uint32(0), Buffer.from([9]), block.subarray(0, 10), Buffer.alloc(3)]);
  const { told } = serve(
    frame(0xa, 0, 0, Buffer.from("x")),
    frame(1, 0x28, 1, padded),
    ...Array.from({ length: block.length - 10 }, (_, at) =>
      frame(9, at + 11 === block.length ? endHeaders : 0, 1, block.subarray(at + 10, at + 11)),
    ),
    frame(0, 9, 1, Buffer.from([2, 0x68, 0x69, 0, 0])),
  );
  expect(told).toEqual(["request 1 4", "data 1 hi end"]);
});

it("answers settings and pings", () => {
  expect(serve(frame(6, 0, 0, Buffer.from("12345678")), frame(6, 1, 0, Buffer.alloc(8))).seen).toEqual([
    "SETTINGS 0",
    "PING 0",
  ]);
});

it("who says goodbye takes no more streams, and ends those that are open", () => {
  const { session, told, streams } = serve(headers(1, get("/")));
  session.leave();
  session.receive(headers(3, get("/")));
  expect(sent(session)).toEqual(["GOAWAY 0 0", "RST 3 7"]);
  const [stream] = streams;
  if (stream !== undefined) session.outbox.headers(stream, [":status", "204"], true);
  expect([sent(session), session.streams.size, told]).toEqual([["HEADERS 1 end"], 0, ["request 1 4 end"]]);
});

it("a server's goodbye ends the streams that it has not seen", () => {
  const { session, told, ask } = open("client");
  session.receive(settings);
  session.outbox.headers(ask(), [":method", "GET"], true);
  session.outbox.headers(ask(), [":method", "GET"], true);
  session.receive(frame(7, 0, 0, Buffer.concat([uint32(1), uint32(0)])));
  expect(told).toEqual(["reset 3 7", "goaway"]);
  expect(session.open()).toBeUndefined();
  session.receive(headers(1, [[":status", "200"]]));
  expect([told.at(-1), session.streams.size]).toEqual(["head 1 1 end", 0]);
});

describe("flow control", () => {
  it("a reader that has had enough stops its peer, and gets the rest in order", () => {
    let takes = false;
    const { session, told, streams } = open("server", () => takes);
    session.receive(Buffer.concat([preface, settings, headers(1, post, false)]));
    session.receive(
      Buffer.concat([data(1, "a".repeat(600), false), data(1, "b", false), data(1, "", false), data(1, "c", false)]),
    );
    session.receive(headers(1, [["x", "y"]]));
    expect(told.slice(1)).toEqual([`data 1 ${"a".repeat(600)}`]);
    const [stream] = streams;
    if (stream === undefined) throw new Error("no stream");
    session.resume(stream);
    takes = true;
    session.resume(stream);
    expect(told.slice(2)).toEqual(["data 1 b", "data 1 c", "trailers 1 1"]);
  });

  it("a body leaves as the windows allow, and its writer is told when to go on", () => {
    const { session, told, streams } = open();
    session.receive(Buffer.concat([preface, setting(4, 10), headers(1, get("/")), headers(3, get("/"))]));
    const [first, second] = streams;
    if (first === undefined || second === undefined) throw new Error("no streams");
    sent(session);
    const body = Buffer.from("x".repeat(25));
    expect(session.outbox.write(first, body, [0, 25], 25, false, undefined)).toBe(false);
    expect(session.outbox.write(second, body, [0, 5, 20, 25], 10, true, undefined)).toBe(true);
    expect(sent(session)).toEqual(["DATA 1 10", "DATA 3 5", "DATA 3 5 end"]);
    session.receive(windowUpdate(1, 10));
    expect([sent(session), told.slice(2)]).toEqual([["DATA 1 10"], []]);
    session.receive(windowUpdate(1, 10));
    expect([sent(session), told.slice(2)]).toEqual([["DATA 1 5"], ["drain 1"]]);
    session.receive(setting(4, 0));
    expect(session.outbox.write(first, body, [0, 25], 25, true, ["grpc-status", "0"])).toBe(false);
    session.receive(Buffer.concat([setting(4, 40), settings]));
    expect(sent(session).filter((each) => !each.startsWith("SETTINGS"))).toEqual(["DATA 1 25", "HEADERS 1 end"]);
    expect(session.streams.size).toBe(0);
  });

  it("bodies share the window of the connection, a frame each", () => {
    const { session, streams } = open();
    session.receive(Buffer.concat([preface, setting(4, 1_000_000), headers(1, get("/")), headers(3, get("/"))]));
    sent(session);
    const body = Buffer.alloc(100_000);
    for (const stream of streams) session.outbox.write(stream, body, [0, body.length], body.length, true, undefined);
    const before = sent(session);
    session.receive(windowUpdate(0, 1_000_000));
    const after = sent(session);
    const count = (list: readonly string[], id: number): number =>
      list.filter((each) => each.startsWith(`DATA ${id}`)).length;
    expect(count(before, 1) + count(before, 3)).toBe(4);
    expect(after.slice(0, 4).map((each) => each.slice(0, 6))).toEqual(["DATA 1", "DATA 3", "DATA 1", "DATA 3"]);
    expect(after.filter((each) => each.endsWith("end"))).toHaveLength(2);
  });

  it("bodies wait while the peer does not read", () => {
    const { session, told, streams } = serve(headers(1, get("/")));
    const [stream] = streams;
    if (stream === undefined) throw new Error("no stream");
    session.outbox.setCongested(true);
    expect(session.outbox.write(stream, Buffer.from("x"), [0, 1], 1, false, undefined)).toBe(false);
    expect(sent(session)).toEqual([]);
    session.outbox.setCongested(false);
    expect([sent(session), told.at(-1)]).toEqual([["DATA 1 1"], "drain 1"]);
  });
});

it("two sessions understand each other, whatever is said, and however it is cut", () => {
  const message = fc.record({
    list: fc.array(
      fc.tuple(fc.constantFrom("x-a", "x-b", "cookie"), fc.string({ unit: "binary-ascii", maxLength: 30 })),
      { maxLength: 6 },
    ),
    body: fc.nat({ max: 40_000 }),
    trailers: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 }),
      (messages, cuts) => {
        const client = open("client");
        const server = open("server");
        server.session.receive(client.opening);
        client.session.receive(server.opening);
        let turn = 0;
        const carry = (): void => {
          for (let moved = true; moved;) {
            moved = false;
            for (const [from, to] of [
              [client.session, server.session],
              [server.session, client.session],
            ] as const) {
              const bytes = from.outbox.writer.take();
              moved ||= bytes.length > 0;
              for (let at = 0; at < bytes.length; turn += 1) {
                const size = cuts[turn % cuts.length] ?? 1;
                to.receive(bytes.subarray(at, at + size));
                at += size;
              }
            }
          }
        };
        for (const { list, body, trailers } of messages) {
          const stream = client.ask();
          client.session.outbox.headers(stream, [":method", "POST", ...list.flat()], false);
          const bytes = Buffer.alloc(body, "x");
          client.session.outbox.write(stream, bytes, [0, body], body, true, trailers ? ["x-t", "1"] : undefined);
        }
        carry();
        expect(server.told.includes("failed") || client.told.includes("failed")).toBe(false);
        for (const [at, { list, body, trailers }] of messages.entries()) {
          const id = 2 * at + 1;
          expect(server.told).toContain(`request ${id} ${list.length + 1}`);
          const got = server.told
            .filter((each) => each.startsWith(`data ${id} `))
            .map((each) => (each.match(/x/g) ?? []).length);
          expect(got.reduce((sum, size) => sum + size, 0)).toBe(body);
          expect(
            server.told.some(
              (each) => each === `trailers ${id} 1` || (each.startsWith(`data ${id} `) && each.endsWith(" end")),
            ),
          ).toBe(true);
          expect(server.told.includes(`trailers ${id} 1`)).toBe(trailers);
        }
      },
    ),
    { numRuns: 60 },
  );
});
