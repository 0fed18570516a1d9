import fc from "fast-check";
import { expect, it } from "vitest";
import { Http2Stream } from "../../../../runtime/wire/http2/stream.ts";
import { StreamTable } from "../../../../runtime/wire/http2/stream-table.ts";

it("finds what a map would find, however streams come and go", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 60 }), { maxLength: 300 }), (picks) => {
      const table = new StreamTable();
      const map = new Map<number, Http2Stream>();
      let next = 1;
      for (const pick of picks) {
        const open = [...map.values()];
        const victim = open[pick];
        if (victim === undefined || pick % 3 === 0) {
          const stream = new Http2Stream(next, 1, 1);
          table.add(stream);
          map.set(next, stream);
          // Leaps make homes collide.
          next += pick % 5 === 0 ? 32 : 2;
        } else {
          table.delete(victim);
          map.delete(victim.id);
        }
        expect(table.size).toBe(map.size);
      }
      for (let id = 1; id <= next; id += 2) expect(table.get(id)).toBe(map.get(id));
      expect(new Set(table.all())).toEqual(new Set(map.values()));
    }),
  );
});

it("deletes what is not there without harm", () => {
  const table = new StreamTable();
  const stream = new Http2Stream(1, 1, 1);
  table.add(stream);
  table.delete(new Http2Stream(33, 1, 1));
  expect([table.size, table.get(1)]).toEqual([1, stream]);
});
