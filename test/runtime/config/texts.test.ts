import * as fc from "fast-check";
import { isIP, isIPv4, isIPv6 } from "node:net";
import { describe, expect, it } from "vitest";
import { isWholeMilliseconds, parseDuration } from "../../../runtime/config/duration.ts";
import { hostCovers, resolveHost } from "../../../runtime/config/host-names.ts";
import { isCidr, isIpAddress } from "../../../runtime/config/ip-text.ts";
import { findCycles } from "../../../runtime/config/needs.ts";
import { portProtocol } from "../../../runtime/config/port-protocol.ts";
import { excerptAt, positionAt, sourceText } from "../../../runtime/config/source-text.ts";
import { nearest } from "../../../runtime/config/suggestion.ts";
import { parseTimestamp } from "../../../runtime/config/timestamp.ts";

describe("durations", () => {
  it.each([
    ["1s", 1000],
    ["1m30s", 90_000],
    ["250ms", 250],
    ["1.5h", 5_400_000],
    ["500us", 0.5],
    ["0", 0],
    ["-1s", -1000],
    ["1", undefined],
    ["s", undefined],
    ["1 s", undefined],
    ["", undefined],
  ])("%s is %s ms", (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it("knows what is finer than a millisecond", () => {
    expect(isWholeMilliseconds("1.5ms")).toBe(false);
    expect(isWholeMilliseconds("1.5s")).toBe(true);
  });
});

describe("timestamps", () => {
  it("are what Date says", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
        (date) => {
          expect(parseTimestamp(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
  });

  it("know zones and refuse nonsense", () => {
    expect(parseTimestamp("2024-02-29T12:00:00+02:00")).toBe(Date.parse("2024-02-29T10:00:00Z"));
    for (const text of ["2024-13-01T00:00:00Z", "2024-01-01", "yesterday", "2024-01-01T25:00:00Z"])
      expect(parseTimestamp(text)).toBeUndefined();
  });
});

describe("addresses", () => {
  it("are the ones that Node knows", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{1,20}$/)), (text) => {
        expect(isIpAddress(text)).toBe(isIP(text) !== 0);
      }),
    );
  });

  it("with a prefix length", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 0, max: 140 }), (address, bits) => {
        expect(isCidr(`${address}/${bits}`)).toBe(isIPv4(address) ? bits <= 32 : isIPv6(address) && bits <= 128);
      }),
    );
    for (const text of ["10.0.0.0", "10.0.0.0/", "10.0.0.0/08", "fe80::1%eth0/64", "/8"])
      expect(isCidr(text)).toBe(false);
  });
});

describe("suggestions", () => {
  it.each([
    ["PERMISIVE", ["STRICT", "PERMISSIVE"], "PERMISSIVE"],
    ["strict", ["STRICT", "DISABLE"], "STRICT"],
    ["prot", ["run", "port", "ports"], "port"],
    ["zzz", ["run", "port"], undefined],
    ["x", [], undefined],
  ])("%s", (typed, candidates, expected) => {
    expect(nearest(typed, candidates)).toBe(expected);
  });
});

describe("port protocols (spec traffic 1.1.4)", () => {
  it.each([
    ["http", undefined, 80, "http"],
    ["http2-web", undefined, 80, "http2"],
    ["httpfoo", undefined, 80, "auto"],
    ["GRPC-foo", undefined, 80, "grpc"],
    ["grpc-web", undefined, 80, "grpc-web"],
    ["grpc-web-x", undefined, 80, "grpc-web"],
    ["https-x", undefined, 443, "https"],
    ["tcp-x", undefined, 80, "tcp"],
    ["foo-http", undefined, 80, "auto"],
    ["http_proxy", undefined, 80, "http"],
    ["", undefined, 80, "auto"],
    ["", undefined, 3306, "tcp"],
    ["toString", undefined, 80, "auto"],
    ["http", "tcp", 80, "tcp"],
    ["http", "unknown", 80, "auto"],
    ["http", "unknown", 25, "tcp"],
    ["tcp", "kubernetes.io/h2c", 80, "http2"],
    ["tcp", "kubernetes.io/wss", 80, "https"],
    ["redis", undefined, 80, "redis"],
  ])("name %s, appProtocol %s, port %s is %s", (name, appProtocol, port, expected) => {
    expect(portProtocol({ name, appProtocol, port, transport: "TCP" })).toBe(expected);
    expect(portProtocol({ name, appProtocol, port, transport: "UDP" })).toBe("udp");
  });
});

describe("hosts (spec traffic 1.4)", () => {
  it.each([
    ["reviews", "reviews.prod.svc.cluster.local"],
    ["reviews.prod", "reviews.prod"],
    ["*", "*"],
    ["*.x", "*.x"],
    ["10.0.0.1", "10.0.0.1"],
    ["::1", "::1"],
    ["", ""],
  ])("%s is %s", (host, expected) => {
    expect(resolveHost(host, "prod")).toBe(expected);
  });

  it("wildcards cover what is longer", () => {
    expect(hostCovers("*.foo.com", "a.b.foo.com")).toBe(true);
    expect(hostCovers("*.foo.com", "foo.com")).toBe(false);
    expect(hostCovers("*", "x")).toBe(true);
    expect(hostCovers("a", "a")).toBe(true);
  });
});

describe("circles", () => {
  it("are found once each, and unknown names are none", () => {
    expect(
      findCycles(
        new Map([
          ["a", ["b", "d"]],
          ["b", ["c"]],
          ["c", ["b"]],
          ["d", ["zz"]],
        ]),
      ),
    ).toEqual([["b", "c"]]);
  });
});

describe("excerpts", () => {
  it("cut a long line around the caret", () => {
    const source = sourceText({ path: "f", text: `short\r\n${"x".repeat(500)}HERE${"y".repeat(500)}` });
    expect(positionAt(source, 507)).toEqual({ file: "f", line: 2, column: 501 });
    const excerpt = excerptAt(source, [507, 511]);
    expect(excerpt.text.slice(excerpt.from, excerpt.to)).toBe("HERE");
    expect(excerpt.text.length).toBeLessThanOrEqual(160);
    expect(excerptAt(source, [0, 5])).toEqual({ text: "short", from: 0, to: 5 });
    expect(excerptAt(source, [5, 5])).toEqual({ text: "short", from: 5, to: 6 });
  });
});
