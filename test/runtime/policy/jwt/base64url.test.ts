import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64Url } from "../../../../runtime/policy/jwt/base64url.ts";

describe("decodeBase64Url", () => {
  it.each<[string, string, string | undefined]>([
    ["whole groups", "YWJj", "abc"],
    ["no padding", "YQ", "a"],
    ["padding", "YQ==", "a"],
    ["half the padding", "YQ=", undefined],
    ["too much padding", "YWJj=", undefined],
    ["padding in the middle", "YQ==YQ==", undefined],
    ["one digit too many", "YWJjY", undefined],
    ["blanks anywhere", " Y Q\t= = ", "a"],
    ["spare bits", "YR", "a"],
    ["other alphabet", "a+b/", undefined],
    ["junk", "YW!j", undefined],
    ["not ASCII", "YWé", undefined],
    ["nothing", "", ""],
  ])("%s", (_name, text, expected) => {
    expect(decodeBase64Url(text)?.toString("latin1")).toBe(expected);
  });

  it("reads what Node writes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const buffer = Buffer.from(bytes);
        expect(decodeBase64Url(buffer.toString("base64url"))).toEqual(buffer);
      }),
    );
  });
});
