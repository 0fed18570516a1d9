import { array, assert, nat, property } from "fast-check";
import { expect, test } from "vitest";
import { createRing } from "../../../runtime/proxy/ring.ts";

test("keeps the newest that fit, by number and by bytes, in order", () => {
  assert(
    property(array(nat(30), { maxLength: 60 }), (weights) => {
      const ring = createRing<number>(8, 60);
      weights.forEach((weight, index) => {
        ring.push(index, weight);
      });
      const kept = ring.list();
      expect(kept).toEqual(weights.map((_, index) => index).slice(weights.length - kept.length));
      expect(kept.length).toBe(ring.size());
      expect(kept.length).toBeLessThanOrEqual(8);
      expect(kept.reduce((sum, index) => sum + (weights[index] ?? 0), 0)).toBeLessThanOrEqual(60);
    }),
  );
});
