import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rotationAt } from "../../../runtime/identity/rotation.ts";

const hour = 3_600_000;

describe("rotation (spec ID-22)", () => {
  it("renews a day's certificate after about twelve hours", () => {
    expect(rotationAt({ createdAt: 0, notAfter: 24 * hour, spread: 0 })).toBe(12 * hour);
    expect(rotationAt({ createdAt: 0, notAfter: 24 * hour, spread: 1 })).toBe(24 * hour - 0.51 * 24 * hour);
    expect(rotationAt({ createdAt: 0, notAfter: 24 * hour, spread: -1 })).toBe(24 * hour - 0.49 * 24 * hour);
  });

  it("never lies before the creation, nor after the end", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: -hour, max: 1000 * hour }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (createdAt, life, spread) => {
          const at = rotationAt({ createdAt, notAfter: createdAt + life, spread });
          expect(at).toBeGreaterThanOrEqual(createdAt);
          expect(at).toBeLessThanOrEqual(Math.max(createdAt, createdAt + life));
        },
      ),
    );
  });
});
