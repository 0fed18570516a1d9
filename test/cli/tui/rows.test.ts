import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMatches, createNamedRows, createRows } from "../../../cli/tui/rows.ts";

describe("rows", () => {
  it("keep the newest, by numbers that never change", () => {
    const rows = createRows<string>(3);
    for (const row of ["a", "b", "c", "d", "e"]) rows.push(row);
    expect([rows.first(), rows.end()]).toEqual([2, 5]);
    expect([1, 2, 3, 4, 5].map((number) => rows.get(number))).toEqual([undefined, "c", "d", "e", undefined]);
  });

  it("are found by name while they are kept, the newest of each", () => {
    const rows = createNamedRows<string>(3, (row) => row.slice(0, 1));
    for (const row of ["a1", "b1", "a2"]) rows.push(row);
    expect([rows.find("a"), rows.find("b")]).toEqual(["a2", "b1"]);
    rows.push("c1");
    expect([rows.find("a"), rows.find("b"), rows.find("c")]).toEqual(["a2", "b1", "c1"]);
    rows.push("d1");
    expect([rows.find("a"), rows.find("b"), rows.find("d")]).toEqual(["a2", undefined, "d1"]);
  });

  it("matches are those that a plain filter over the kept rows finds, however pushes and questions alternate", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(9), { maxLength: 12 })),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(9),
        (bursts, capacity, limit) => {
          const rows = createRows<number>(capacity);
          const matches = createMatches(
            rows,
            (row) => row <= limit,
            0,
            () => Infinity,
          );
          for (const burst of bursts) {
            for (const row of burst) rows.push(row);
            const expected = [];
            for (let number = rows.first(); number < rows.end(); number++)
              if ((rows.get(number) ?? Infinity) <= limit) expected.push(number);
            expect(matches.count()).toBe(expected.length);
            expect(expected.map((_, index) => matches.numberAt(index))).toEqual(expected);
            expected.forEach((number, index) => expect(matches.indexOf(number)).toBe(index));
          }
        },
      ),
    );
  });

  it("stops at the row where the tail was paused, and goes on later", () => {
    const rows = createRows<number>(10);
    let until = Infinity;
    const matches = createMatches(
      rows,
      () => true,
      1,
      () => until,
    );
    for (const row of [0, 1, 2]) rows.push(row);
    expect(matches.count()).toBe(2);
    until = rows.end();
    rows.push(3);
    expect(matches.count()).toBe(2);
    until = Infinity;
    expect(matches.count()).toBe(3);
  });
});
