import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { der, pemBlocks, readAll, readDer, toPem } from "../../../runtime/identity/der.ts";

describe("DER", () => {
  it.each([
    ["nothing", ""],
    ["no length", "30"],
    ["content cut short", "300201"],
    ["indefinite length", "3080020100"],
    ["a length of five octets", "308500000000010a"],
    ["a long length for a short content", "30810101"],
    ["a length with a leading zero", `30820080${"00".repeat(128)}`],
    ["a tag of several octets", "1f8101020101"],
  ])("refuses %s", (_, hex) => {
    expect(readDer(Buffer.from(hex, "hex"))).toBeUndefined();
  });

  it("reads what it writes, at every length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000, size: "max" }), fc.uint8Array({ maxLength: 4 }), (body, rest) => {
        const whole = der(4, Buffer.from(body));
        const read = readDer(Buffer.concat([whole, rest]));
        expect(read?.value.body.equals(body)).toBe(true);
        expect(read?.value.whole.equals(whole)).toBe(true);
        expect(read?.rest.equals(rest)).toBe(true);
      }),
      { numRuns: 50 },
    );
    expect(readAll(Buffer.concat([der(2), der(5)]))?.map(({ tag }) => tag)).toEqual([2, 5]);
    expect(readAll(Buffer.from([2, 0, 5]))).toBeUndefined();
  });

  it("finds PEM blocks", () => {
    const one = toPem("CERTIFICATE", Buffer.alloc(100, 1));
    const key = toPem("PRIVATE KEY", Buffer.alloc(10, 2));
    expect(pemBlocks(`text\n${one}${key}${one}`, "CERTIFICATE")).toEqual([one, one]);
    expect(pemBlocks(one.slice(0, -10), "CERTIFICATE")).toEqual([]);
  });
});
