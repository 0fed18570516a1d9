import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { connect, type ConnectionOptions } from "node:tls";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseClientHello } from "../../../runtime/wire/client-hello.ts";

/** The first bytes of a real TLS client of this Node. */
async function realHello(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  const accepted: Promise<Socket> = once(server, "connection").then(([socket]: Socket[]) => {
    if (socket === undefined) throw new Error("no connection");
    return socket;
  });
  const client = connect({ host: "127.0.0.1", port: address.port, ...options });
  client.on("error", () => undefined);
  const socket = await accepted;
  let bytes = Buffer.alloc(0);
  for await (const part of socket) {
    if (Buffer.isBuffer(part)) bytes = Buffer.concat([bytes, part]);
    if (parseClientHello(bytes).kind !== "incomplete") break;
  }
  client.destroy();
  server.close();
  return bytes;
}

function u16(value: number): Buffer {
  return Buffer.from([value >>> 8, value & 0xff]);
}

function sized(width: 1 | 2, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([width === 1 ? Buffer.from([body.length]) : u16(body.length), body]);
}

interface Handmade {
  readonly extensions?: readonly Buffer[];
  readonly legacy?: number;
  readonly tail?: Buffer;
}

function handshake({ extensions, legacy = 0x0303, tail = Buffer.alloc(0) }: Handmade = {}): Buffer {
  const body = Buffer.concat([
    u16(legacy),
    Buffer.alloc(32, 7),
    sized(1),
    sized(2, u16(0x1301)),
    sized(1, Buffer.from([0])),
    extensions === undefined ? Buffer.alloc(0) : sized(2, ...extensions),
    tail,
  ]);
  return Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
}

function records(message: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    parts.push(Buffer.from([0x16, 3, 1]), u16(part.length), part);
  }
  return Buffer.concat(parts);
}

const extension = (type: number, ...parts: readonly Buffer[]): Buffer => Buffer.concat([u16(type), sized(2, ...parts)]);
const serverName = (name: string): Buffer =>
  extension(0, sized(2, Buffer.from([0]), sized(2, Buffer.from(name, "latin1"))));
const alpn = (...names: readonly string[]): Buffer =>
  extension(16, sized(2, ...names.map((name) => sized(1, Buffer.from(name)))));

describe("ClientHello", () => {
  it("reads what a real client sends, cut anywhere and in records of any size", async () => {
    const bytes = await realHello({
      servername: "Outbound_.8080_._.Backend.svc",
      ALPNProtocols: ["istio-http/1.1", "istio", "http/1.1"],
    });
    const expected = {
      kind: "hello",
      sni: "outbound_.8080_._.backend.svc",
      alpn: ["istio-http/1.1", "istio", "http/1.1"],
      versions: [0x0304, 0x0303],
    };
    expect(parseClientHello(bytes)).toEqual(expected);
    const end = 5 + bytes.readUInt16BE(3);
    for (let length = 0; length < end; length += 1)
      expect(parseClientHello(bytes.subarray(0, length))).toEqual({ kind: "incomplete" });
    const message = bytes.subarray(5, end);
    for (const size of [1, 2, 3, 4, 5, 100, message.length - 1]) {
      expect(parseClientHello(records(message, size))).toEqual(expected);
      expect(parseClientHello(records(message, size).subarray(0, -1))).toEqual({ kind: "incomplete" });
    }
    // Bytes behind the message, such as early data, change nothing.
    expect(parseClientHello(Buffer.concat([bytes.subarray(0, end), Buffer.from("more")]))).toEqual(expected);
  });

  it("reads TLS 1.2 clients and clients that say little", async () => {
    expect(parseClientHello(await realHello({ maxVersion: "TLSv1.2" }))).toMatchObject({
      kind: "hello",
      sni: undefined,
      alpn: [],
      versions: [0x0303],
    });
    expect(parseClientHello(records(handshake(), 100))).toEqual({
      kind: "hello",
      sni: undefined,
      alpn: [],
      versions: [0x0303],
    });
  });

  it("waits for a record header even when the first byte is not TLS (recorded: sniff-auto-inbound)", () => {
    for (const text of ["", "\u0016", "\u0016\u0003\u0001", "\0\0\0\u0001", "\u0001\u0002\u0003", "PING"]) {
      expect(parseClientHello(Buffer.from(text, "latin1")).kind).toBe("incomplete");
    }
    for (const text of [
      "hello",
      "12345",
      " GET / HTTP/1.1",
      "\u00e9t\u00e9xx",
      "\0\0\0\0\0",
      "\u0016\u0002\u0001\0\u0001",
    ]) {
      expect(parseClientHello(Buffer.from(text, "latin1")).kind).toBe("not-tls");
    }
  });

  it.each([
    ["another handshake message", Buffer.concat([Buffer.from([2]), handshake().subarray(1)])],
    [
      "two names",
      handshake({
        extensions: [
          extension(
            0,
            sized(2, Buffer.from([0]), sized(2, Buffer.from("a")), Buffer.from([0]), sized(2, Buffer.from("b"))),
          ),
        ],
      }),
    ],
    ["NUL in the name", handshake({ extensions: [serverName("a\0b")] })],
    ["empty name", handshake({ extensions: [serverName("")] })],
    ["name beyond 255 bytes", handshake({ extensions: [serverName("a".repeat(256))] })],
    ["an extension twice", handshake({ extensions: [serverName("a"), serverName("b")] })],
    ["empty ALPN list", handshake({ extensions: [alpn()] })],
    ["empty protocol", handshake({ extensions: [alpn("h2", "")] })],
    ["ALPN length beyond the extension", handshake({ extensions: [extension(16, u16(9), Buffer.from([1, 0x61]))] })],
    ["odd version list", handshake({ extensions: [extension(43, sized(1, Buffer.from([3, 4, 3])))] })],
    ["bytes after the extensions", handshake({ extensions: [], tail: Buffer.from([0]) })],
    ["SSL 2 inside", handshake({ legacy: 0x0200 })],
  ])("takes %s for no TLS", (_, message) => {
    expect(parseClientHello(records(message, 4096)).kind).toBe("not-tls");
  });

  it("takes foreign records and records beyond the limits for no TLS, and stops at 16 KiB", () => {
    const message = handshake({ extensions: [serverName("a")] });
    const first = records(message.subarray(0, 10), 10);
    expect(parseClientHello(Buffer.concat([first, Buffer.from([0x17, 3, 3, 0, 1, 0])])).kind).toBe("not-tls");
    expect(parseClientHello(Buffer.concat([first, Buffer.from([0x16, 3, 3, 0, 0])])).kind).toBe("not-tls");
    expect(parseClientHello(Buffer.from([0x16, 3, 1, 0xff, 0xff, 1])).kind).toBe("not-tls");
    expect(parseClientHello(records(Buffer.concat([message, Buffer.from([0])]), 4096)).kind).toBe("not-tls");
    const big = handshake({ extensions: [extension(99, Buffer.alloc(17_000))] });
    expect(parseClientHello(records(big, 4096))).toEqual({ kind: "too-large" });
    expect(parseClientHello(records(big, 4096).subarray(0, 20))).toEqual({ kind: "too-large" });
  });

  it("never throws, whatever the bytes", () => {
    const base = records(handshake({ extensions: [serverName("example"), alpn("h2", "http/1.1")] }), 60);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(base.length),
        (changes, length) => {
          const bytes = Buffer.from(base);
          for (const [at, byte] of changes) bytes[at] = byte;
          const whole = parseClientHello(bytes);
          const part = parseClientHello(bytes.subarray(0, length));
          expect(part.kind === "incomplete" ? whole : part).toEqual(whole);
        },
      ),
      { numRuns: 20_000, seed: 3 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseClientHello(Buffer.from(bytes))),
      { numRuns: 5000, seed: 4 },
    );
  });
});
