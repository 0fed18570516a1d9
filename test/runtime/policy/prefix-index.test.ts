import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createPrefixIndex } from "../../../runtime/policy/prefix-index.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "\u{1f600}"), maxLength: 6 });

test("finds exactly the prefixes, longest first", () => {
  fc.assert(
    fc.property(fc.uniqueArray(text, { maxLength: 30 }), text, (prefixes, value) => {
      const index = createPrefixIndex(new Map(prefixes.map((prefix) => [prefix, [prefix]])));
      const found: string[] = [];
      index.each(value, (entries) => {
        found.push(...entries);
      });
      const expected = prefixes.filter((prefix) => value.startsWith(prefix)).toSorted((a, b) => b.length - a.length);
      expect(found).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
});
