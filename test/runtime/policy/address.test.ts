import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inRange, parseAddress, parseRange } from "../../../runtime/policy/address.ts";

function contains(range: string, address: string): boolean | undefined {
  const parsed = parseRange(range);
  const words = parseAddress(address);
  return parsed === undefined || words === undefined ? undefined : inRange(parsed, words);
}

const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");

describe("address ranges", () => {
  it.each([
    ["10.244.0.0/16", "10.244.255.1", true],
    ["10.244.0.0/16", "10.245.0.1", false],
    ["10.1.2.3/8", "10.200.0.1", true],
    ["1.2.3.4", "1.2.3.4", true],
    ["1.2.3.4", "1.2.3.5", false],
    ["0.0.0.0/0", "255.255.255.255", true],
    ["128.0.0.0/1", "200.0.0.1", true],
    ["128.0.0.0/1", "127.0.0.1", false],
    ["2001:db8::/32", "2001:db8:1::1", true],
    ["2001:db8::/33", "2001:db8:8000::1", false],
    ["::1", "::1", true],
    ["::/0", "1.2.3.4", false],
    ["0.0.0.0/0", "::1", false],
  ])("%s holds %s: %s", (range, address, wanted) => {
    expect(contains(range, address)).toBe(wanted);
  });

  it.each([
    "1.2.3",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4:80",
    "a.b.c.d",
    "",
    "1.2.3.4.5",
    "1..2.3",
    "fe80::1%eth0",
    "::g",
  ])("%s is no address", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it.each(["1.2.3.4/33", "1.2.3.4/", "1.2.3.4/01", "1.2.3.4/-1", "::/129", "x/8"])("%s is no range", (text) => {
    expect(parseRange(text)).toBeUndefined();
  });

  it("compares the first bits and no others", () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), fc.integer({ min: 0, max: 32 }), (a, b, bits) => {
        const same = bits === 0 || a >>> (32 - bits) === b >>> (32 - bits);
        expect(contains(`${dotted(a)}/${bits}`, dotted(b))).toBe(same);
      }),
    );
  });
});
