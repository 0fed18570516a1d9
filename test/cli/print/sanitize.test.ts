import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sanitize, sanitizeLog } from "../../../cli/print/sanitize.ts";

/** What no text of ours may ever contain: controls, bidi marks, zero-width and tag characters, lone surrogates. */
const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe("sanitize", () => {
  it.each([
    ["\u001b[31mred\u001b[0m", "\\x1b[31mred\\x1b[0m"],
    ["\u001b]0;title\u0007", "\\x1b]0;title\\x07"],
    ["\u009b2J", "\\x9b2J"],
    ["a\nb\tc\rd", "a\\nb\\tc\\rd"],
    ["evil\u202egpj.exe", "evil\\u{202e}gpj.exe"],
    ["zero\u200bwidth\ufeff", "zero\\u{200b}width\\u{feff}"],
    ["tag\u{e0041}", "tag\\u{e0041}"],
    ["half \ud800", "half \\u{d800}"],
    ["日本語 /päth?q=✓", "日本語 /päth?q=✓"],
  ])("makes %j visible", (text, expected) => {
    expect(sanitize(text)).toBe(expected);
  });

  it("lets nothing through that a terminal could obey, whatever comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(sanitize(text)).not.toMatch(dangerous);
        expect(sanitizeLog(text)).not.toMatch(dangerous);
      }),
      { numRuns: 500 },
    );
  });

  it("catches every single format character", () => {
    const through: string[] = [];
    for (let point = 0; point <= 0x10ffff; point++) {
      const character = String.fromCodePoint(point);
      if (dangerous.test(character) && !sanitize(character).startsWith("\\")) through.push(character);
    }
    expect(through).toEqual([]);
  });

  it("leaves plain text as it is", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]*$/), (text) => {
        expect(sanitize(text)).toBe(text);
      }),
    );
  });

  it("drops a program's own colours and keeps its words", () => {
    expect(sanitizeLog("\u001b[32mready\u001b[0m\ton 8080\r")).toBe("ready    on 8080");
  });
});
