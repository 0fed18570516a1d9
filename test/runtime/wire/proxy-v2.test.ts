import { isIP } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress } from "../../../runtime/wire/ip-address.ts";
import { encodeProxyV2, encodeProxyV2Local, parseProxyV2 } from "../../../runtime/wire/proxy-v2.ts";

function encode(source: string, destination: string, authority?: string): Buffer {
  const bytes = encodeProxyV2({
    source: { address: source, port: 40_000 },
    destination: { address: destination, port: 8080 },
    ...(authority === undefined ? {} : { authority }),
  });
  if (bytes === undefined) throw new Error("not encoded");
  return bytes;
}

const good = encode("10.244.0.3", "10.96.0.10", "backend");

function changed(at: number, byte: number): Buffer {
  const bytes = Buffer.from(good);
  bytes[at] = byte;
  return bytes;
}

function path(text: string): Buffer {
  return Buffer.concat([Buffer.from(text), Buffer.alloc(108 - text.length)]);
}

function at(address: string, port = 1): { readonly address: string; readonly port: number } {
  return { address, port };
}

describe("PROXY v2", () => {
  it("is on the wire what the specification says", () => {
    expect(encode("10.244.0.3", "10.96.0.10").toString("hex")).toBe(
      "0d0a0d0a000d0a515549540a2111000c0af400030a60000a9c401f90",
    );
  });

  it("comes back as it went, with what follows untouched", () => {
    expect(parseProxyV2(Buffer.concat([good, Buffer.from("GET /")]))).toEqual({
      kind: "header",
      command: "proxy",
      family: "tcp4",
      source: { address: "10.244.0.3", port: 40_000 },
      destination: { address: "10.96.0.10", port: 8080 },
      authority: "backend",
      next: good.length,
    });
    expect(parseProxyV2(encode("::1", "2001:db8::5"))).toMatchObject({
      family: "tcp6",
      source: { address: "::1" },
      destination: { address: "2001:db8::5" },
      authority: undefined,
    });
    expect(parseProxyV2(encodeProxyV2Local())).toMatchObject({ command: "local", destination: undefined, next: 16 });
  });

  it("reads Unix addresses", () => {
    const bytes = Buffer.concat([good.subarray(0, 13), Buffer.from([0x31, 0, 216]), path("/a"), path("/b")]);
    expect(parseProxyV2(bytes)).toMatchObject({
      family: "unix",
      source: { address: "/a" },
      destination: { address: "/b" },
    });
    expect(
      parseProxyV2(Buffer.concat([good.subarray(0, 13), Buffer.from([0x31, 0, 10]), Buffer.alloc(10)])),
    ).toMatchObject({ kind: "error" });
  });

  it("waits for every byte", () => {
    for (let length = 0; length < good.length; length += 1)
      expect(parseProxyV2(good.subarray(0, length)).kind).toBe("incomplete");
  });

  it.each([
    ["no signature", Buffer.from("GET / HTTP/1.1\r\n")],
    ["wrong signature", changed(5, 1)],
    ["version 1", changed(12, 0x11)],
    ["unknown command", changed(12, 0x22)],
    ["UDP", changed(13, 0x12)],
    ["unknown family", changed(13, 0x41)],
    ["too long", changed(14, 0xff)],
    ["addresses cut short", Buffer.concat([good.subarray(0, 14), Buffer.from([0, 4]), Buffer.alloc(4)])],
    [
      "extension cut short",
      Buffer.concat([good.subarray(0, 14), Buffer.from([0, 15]), good.subarray(16, 28), Buffer.from([2, 0, 9])]),
    ],
    [
      "extension header cut short",
      Buffer.concat([good.subarray(0, 14), Buffer.from([0, 14]), good.subarray(16, 28), Buffer.from([2, 0])]),
    ],
    [
      "checksum",
      Buffer.concat([good.subarray(0, 14), Buffer.from([0, 15]), good.subarray(16, 28), Buffer.from([3, 0, 0])]),
    ],
    [
      "empty name",
      Buffer.concat([good.subarray(0, 14), Buffer.from([0, 15]), good.subarray(16, 28), Buffer.from([2, 0, 0])]),
    ],
    ["a name with a line end", changed(32, 10)],
    [
      "two names",
      Buffer.concat([
        good.subarray(0, 14),
        Buffer.from([0, 20]),
        good.subarray(16, 28),
        Buffer.from([2, 0, 1, 97, 2, 0, 1, 98]),
      ]),
    ],
  ])("refuses %s", (_, bytes) => {
    expect(parseProxyV2(bytes).kind).toBe("error");
  });

  it("encodes nothing that it could not mean", () => {
    expect(encodeProxyV2({ source: at("10.0.0.1"), destination: at("::1") })).toBeUndefined();
    expect(encodeProxyV2({ source: at("x"), destination: at("10.0.0.1") })).toBeUndefined();
    expect(encodeProxyV2({ source: at("10.0.0.1", 70_000), destination: at("10.0.0.1") })).toBeUndefined();
    expect(encodeProxyV2({ source: at("10.0.0.1"), destination: at("10.0.0.1"), authority: "" })).toBeUndefined();
    expect(
      encodeProxyV2({ source: at("10.0.0.1"), destination: at("10.0.0.1"), authority: "a".repeat(256) }),
    ).toBeUndefined();
  });

  it("never throws, and holds for every address and port", () => {
    const address = fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(fc.ipV6(), fc.ipV6()));
    fc.assert(
      fc.property(address, fc.nat(65_535), fc.nat(65_535), ([from, to], a, b) => {
        const bytes = encodeProxyV2({ source: { address: from, port: a }, destination: { address: to, port: b } });
        if (bytes === undefined) throw new Error("not encoded");
        const header = parseProxyV2(bytes);
        if (header.kind !== "header") throw new Error("not read");
        expect(header.source?.port).toBe(a);
        expect(header.destination?.port).toBe(b);
        expect(parseAddress(header.source?.address ?? "")).toEqual(parseAddress(from));
        expect(parseAddress(header.destination?.address ?? "")).toEqual(parseAddress(to));
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(good);
        for (const [place, byte] of changes) bytes[place] = byte;
        parseProxyV2(bytes);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("addresses", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::", "::"],
    ["::1", "::1"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1::", "1::"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["::ffff:10.0.0.1", "::ffff:a00:1"],
  ])("%s reads as %s", (text, expected) => {
    const bytes = parseAddress(text);
    expect(bytes && formatAddress(bytes)).toBe(expected);
  });

  it("agrees with Node about what is an address", () => {
    const part = fc.constantFrom("0", "1", "ff", "ffff", "10000", "", "01", "255", "256", "g", "1.2.3.4");
    const text = fc
      .tuple(fc.array(part, { maxLength: 9 }), fc.constantFrom(":", ".", "::"))
      .map(([parts, by]) => parts.join(by));
    const addresses = fc.oneof(text, fc.ipV4(), fc.ipV6(), fc.ipV4Extended());
    fc.assert(
      fc.property(addresses, (address) => {
        expect([address, parseAddress(address)?.length]).toEqual([
          address,
          { 0: undefined, 4: 4, 6: 16 }[isIP(address)],
        ]);
      }),
      { numRuns: 5000 },
    );
  });

  it("refuses what is no address", () => {
    for (const text of ["", "1.2.3", "1.2.3.256", "fe80::1%eth0", "::1::", "localhost"])
      expect(parseAddress(text)).toBeUndefined();
  });
});
