import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstJson, jsonFault } from "../../../runtime/config/json-fault.ts";

describe("JSON as Go reads it", () => {
  it.each([
    ["", "unexpected end of JSON input"],
    ["x", "invalid character 'x' looking for beginning of value"],
    ["10x", "invalid character 'x' after top-level value"],
    ["nope", "invalid character 'o' in literal null (expecting 'u')"],
    ["{a", "invalid character 'a' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a": 1 2}', "invalid character '2' after object key:value pair"],
    ["[1 2]", "invalid character '2' after array element"],
    ['"a', "unexpected end of JSON input"],
    [String.raw`"\q"`, "invalid character 'q' in string escape code"],
    ["-", "unexpected end of JSON input"],
    ["1.", "unexpected end of JSON input"],
    ["1.e", "invalid character 'e' after decimal point in numeric literal"],
  ])("%j: %s", (text, fault) => {
    expect(jsonFault(text)).toBe(fault);
  });

  it("agrees with JSON.parse about what is JSON", () => {
    const texts = fc.oneof(
      fc.json(),
      fc.string(),
      fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 })).map(([text, at, junk]) => {
        const cut = at % (text.length + 1);
        return text.slice(0, cut) + junk + text.slice(cut);
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        expect(jsonFault(text) === undefined).toBe(parses);
      }),
      { numRuns: 500 },
    );
  });

  it("takes the first value of a stream, and says when it ends too early", () => {
    expect(firstJson('{"a": 1} rest')).toEqual({ value: { a: 1 } });
    expect(firstJson('{"a": ')).toEqual({ fault: "unexpected EOF" });
    expect(firstJson("  ")).toEqual({ fault: "EOF" });
  });
});
