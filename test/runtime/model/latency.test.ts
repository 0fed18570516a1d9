import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latencyBound, latencyBucket, latencyQuantile } from "../../../runtime/model/latency.ts";

describe("latency buckets", () => {
  it("hold every time that is not longer than their bound, and not less than the bound before", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.051, max: 800_000, noNaN: true }), (ms) => {
        const bucket = latencyBucket(ms);
        expect(ms).toBeLessThanOrEqual(latencyBound(bucket) * 1.000001);
        expect(ms).toBeGreaterThan(latencyBound(bucket - 1) * 0.999999);
      }),
    );
  });

  it.each([0, -1, Number.NaN, 0.05])("take %d as the shortest", (ms) => {
    expect(latencyBucket(ms)).toBe(0);
  });

  it("take an hour as the longest", () => {
    expect(latencyBucket(3_600_000)).toBe(96);
    expect(latencyBucket(Infinity)).toBe(96);
  });
});

describe("latencyQuantile", () => {
  it("is off by a tenth at most", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0.5, 0.9, 0.99, 1),
        (times, share) => {
          const counts: Record<string, number> = {};
          for (const ms of times) counts[latencyBucket(ms)] = (counts[latencyBucket(ms)] ?? 0) + 1;
          const exact = times.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(times.length * share) - 1)] ?? Number.NaN;
          const found = latencyQuantile(counts, share) ?? Number.NaN;
          expect(found / exact).toBeGreaterThan(0.9);
          expect(found / exact).toBeLessThan(1.1);
        },
      ),
    );
  });

  it("of nothing is nothing", () => {
    expect(latencyQuantile({}, 0.99)).toBeUndefined();
    expect(latencyQuantile({ "4": 0 }, 0.99)).toBeUndefined();
  });
});
