import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitLine, lineText, lineWidth, seg } from "../../../cli/print/segment.ts";
import { pad, truncate, widthOf, wrap } from "../../../cli/print/width.ts";
import { wrapLine } from "../../../cli/print/wrap-line.ts";
import { tableLines } from "../../../cli/print/table.ts";

describe("width", () => {
  it.each([
    ["abc", 3],
    ["日本", 4],
    ["👩‍👩‍👧", 2],
    ["e\u0301", 1],
    ["", 0],
  ])("%j takes %i columns", (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });

  it.each([
    ["abcdef", 4, "end", "abc…"],
    ["/api/v1/data", 6, "start", "…/data"],
    ["frontend-1", 7, "middle", "fro…d-1"],
    ["日本語です", 5, "end", "日本…"],
    ["abc", 3, "end", "abc"],
    ["abc", 1, "end", "…"],
    ["abc", 0, "end", ""],
  ] as const)("truncates %j to %i at the %s", (text, columns, cut, expected) => {
    expect(truncate(text, columns, cut)).toBe(expected);
  });

  it("pads and fits to exactly the width that was asked for", () => {
    const texts = fc.string({ unit: fc.constantFrom("a", "日", "👍🏽", " ", "ü", "-") });
    fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 0, max: 40 }),
        fc.constantFrom("end", "start", "middle"),
        (text, columns, cut) => {
          expect(widthOf(pad(text, columns, "left", cut))).toBe(columns);
          expect(widthOf(pad(text, columns, "right", cut))).toBe(columns);
          expect(lineWidth(fitLine([seg(text, "bad"), seg(text)], columns))).toBe(columns);
        },
      ),
    );
  });

  it("wraps without a line that is too wide and without losing a character", () => {
    const words = fc.string({ unit: fc.constantFrom("a", "日", "b", " ", "/") });
    fc.assert(
      fc.property(words, words, fc.integer({ min: 8, max: 40 }), (a, b, columns) => {
        const lines = wrapLine([seg(a), seg(b, "strong")], columns);
        for (const line of lines) expect(widthOf(lineText(line).trimEnd())).toBeLessThanOrEqual(columns);
        expect(lines.map(lineText).join("").replaceAll(" ", "")).toBe((a + b).replaceAll(" ", ""));
        for (const line of wrap(a, columns)) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

describe("tableLines", () => {
  const columns = [
    { title: "NAME" },
    { title: "COUNT", align: "right", priority: 1 },
    { title: "WHERE", priority: 2 },
  ] as const;
  const rows = [
    [seg("日本"), seg("7"), seg("here")],
    [seg("frontend"), seg("1204"), seg("there")],
  ];

  it("lines up cells by their width on the terminal", () => {
    expect(tableLines(columns, rows).map(lineText)).toEqual([
      "NAME      COUNT  WHERE",
      "日本          7  here",
      "frontend   1204  there",
    ]);
  });

  it("drops the least important column when there is no room", () => {
    expect(tableLines(columns, rows, 16).map(lineText)).toEqual([
      "NAME      COUNT",
      "日本          7",
      "frontend   1204",
    ]);
    expect(tableLines(columns, rows, 5).map(lineText)).toEqual(["NAME", "日本", "fron…"]);
  });
});
