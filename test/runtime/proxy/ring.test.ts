import { array, assert, integer, nat, property, tuple } from "fast-check";
import { expect, test } from "vitest";
import { createRing } from "../../../runtime/proxy/ring.ts";

test("keeps the newest that fit, by number and by bytes, in order and without overlap", () => {
  const claims = array(tuple(nat(40), nat(40)), { maxLength: 80 });
  assert(
    property(claims, integer({ min: 1, max: 8 }), (sizes, capacity) => {
      const space = Buffer.alloc(60, 0xff);
      const kept = new Map<number, { readonly id: number; readonly used: number }>();
      const ring = createRing(capacity, space.length, (slot) => {
        kept.delete(slot);
      });
      for (const [id, [claimed, needed]] of sizes.entries()) {
        const used = Math.min(claimed, needed);
        const slot = ring.claim(claimed);
        expect(kept.has(slot)).toBe(false);
        space.fill(id, ring.offset(slot), ring.offset(slot) + used);
        ring.shrink(used);
        kept.set(slot, { id, used });
        const list = ring.slots();
        expect(list.length).toBe(kept.size);
        expect(list.at(-1)).toBe(slot);
        const ids = list.map((each) => kept.get(each)?.id ?? -1);
        expect(ids).toEqual(ids.toSorted((a, b) => a - b));
        for (const each of list) {
          const { id: wanted, used: size } = kept.get(each) ?? { id: -1, used: 0 };
          const bytes = space.subarray(ring.offset(each), ring.offset(each) + size);
          expect(bytes.every((byte) => byte === wanted)).toBe(true);
        }
      }
      expect(kept.size).toBeLessThanOrEqual(capacity);
    }),
  );
});

test("drops no more than it must", () => {
  const ring = createRing(4, 100, () => undefined);
  for (let i = 0; i < 4; i += 1) ring.claim(25);
  expect(ring.slots()).toEqual([0, 1, 2, 3]);
  ring.claim(25);
  expect(ring.slots()).toEqual([1, 2, 3, 0]);
  ring.claim(30);
  expect(ring.slots()).toEqual([3, 0, 1]);
  expect(ring.claim(101)).toBe(-1);
});
