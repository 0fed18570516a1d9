import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJsonObject } from "../../../../runtime/policy/jwt/json.ts";

const parse = (text: string): unknown => parseJsonObject(Buffer.from(text, "utf8"));

describe("parseJsonObject", () => {
  it("agrees with JSON.parse on what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), fc.nat(4), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        fc.pre(text.isWellFormed() && !text.includes("\\ud"));
        expect(JSON.stringify(parse(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it("never takes what JSON.parse refuses", () => {
    const pieces = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      '"a"',
      '"b"',
      ":",
      ",",
      "1",
      "-0.5e3",
      "01",
      "true",
      "nul",
      " ",
      "\\",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        if (parse(text) !== undefined) expect(() => JSON.parse(text)).not.toThrow();
      }),
    );
  });

  it.each([
    ["an array", "[]"],
    ["a word", "null"],
    ["nothing", ""],
    ["something behind it", "{} x"],
    ["a name twice", '{"sub":"a","sub":"b"}'],
    ["a name twice, escaped", '{"sub":"a","s\\u0075b":"b"}'],
    ["a name twice, deeper", '{"a":{"b":1,"b":2}}'],
    ["half a surrogate", '{"a":"\\ud800"}'],
    ["a number too large", '{"a":1e999}'],
    ["a leading zero", '{"a":01}'],
    ["single quotes", "{'a':1}"],
    ["a trailing comma", '{"a":1,}'],
    ["a control character", '{"a":"\u0001"}'],
    ["a comment", '{"a":1/**/}'],
  ])("refuses %s", (_name, text) => {
    expect(parse(text)).toBeUndefined();
  });

  it("refuses bytes that are not UTF-8, and a byte order mark", () => {
    expect(parseJsonObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBeUndefined();
    expect(parse("\ufeff{}")).toBeUndefined();
  });

  it("refuses what is nested too deeply, without using up the stack", () => {
    const nested = (depth: number): string => `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(parse(nested(99))).toBeDefined();
    expect(parse(nested(100))).toBeUndefined();
    expect(parse(nested(100_000))).toBeUndefined();
  });

  it("has no inherited names", () => {
    const value = parseJsonObject(Buffer.from('{"__proto__":{"x":1}}'));
    expect(value?.["constructor"]).toBeUndefined();
    expect(Object.keys(value ?? {})).toEqual(["__proto__"]);
  });
});
