import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ascii, commonText } from "../../../../runtime/wire/http1/characters.ts";

it("a common text is the text of its bytes, whatever came before", () => {
  const texts = fc.array(fc.uint8Array({ maxLength: 70 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(texts, (pieces) => {
      const bytes = Buffer.concat(pieces);
      let from = 0;
      for (const piece of pieces) {
        const to = from + piece.length;
        const text = bytes.toString("latin1", from, to);
        expect(commonText(bytes, from, to)).toBe(text);
        expect(ascii(bytes, from, to)).toBe(text);
        from = to;
      }
    }),
  );
});

it("texts that share their place do not take one for the other", () => {
  const texts = Array.from({ length: 5000 }, (_, i) => `host-${i}.example`);
  for (const text of [...texts, ...texts]) {
    const bytes = Buffer.from(text);
    expect(commonText(bytes, 0, bytes.length)).toBe(text);
  }
});
