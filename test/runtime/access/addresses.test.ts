import * as fc from "fast-check";
import { expect, it } from "vitest";
import { addressCells } from "../../../runtime/access/addresses.ts";
import { inRange, parseAddress, parseRange } from "../../../runtime/policy/address.ts";

const block = fc.oneof(
  fc
    .tuple(fc.constantFrom("10.0.0.", "10.0.1.", "192.168.0."), fc.nat({ max: 255 }), fc.integer({ min: 0, max: 32 }))
    .map(([head, last, length]) => `${head}${last}/${length}`),
  fc
    .tuple(fc.constantFrom("2001:db8::", "::ffff:10.0.0."), fc.nat({ max: 9 }), fc.integer({ min: 0, max: 128 }))
    .map(([head, last, length]) => `${head}${last}/${length}`),
);

function holds(values: readonly string[], address: string): boolean {
  return values.some((value) => {
    const [range, words] = [parseRange(value), parseAddress(address)];
    return range !== undefined && words !== undefined && inRange(range, words);
  });
}

it("addresses that are drawn from a cell are in the ranges of the cell", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(block, { minLength: 1, maxLength: 2 }), { maxLength: 4 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      (lists, draws) => {
        const random = (): number => draws.next().value ?? 0;
        const cells = addressCells(
          lists.map((values) => values.map((value) => ({ kind: "cidr", value }) as const)),
          ["10.0.0.1"],
        );
        expect(new Set(cells.map(({ held }) => held.join())).size).toBe(cells.length);
        for (const { held, value } of cells)
          for (const address of [value(), value(random), value(() => 0), value(() => 1 - 2 ** -52)])
            expect([address, lists.map((values) => holds(values, address))]).toEqual([address, held]);
      },
    ),
    { numRuns: 500, seed: 1 },
  );
});
