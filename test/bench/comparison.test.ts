import { describe, expect, it } from "vitest";
import { frame, frameType, literal, readFrames } from "./http2-frames.ts";
import { createTally } from "./load/tally.ts";
import { median, rowOf, type Sample } from "./row.ts";
import { mainShape, shapes } from "./shape.ts";
import { ratioOf, targetsOf } from "./targets.ts";

function sample(requests: number, cpuSeconds: number): Sample {
  return { requests, cpuSeconds, seconds: 2, bytes: requests * 128, p50Ms: 1, p99Ms: 2, rss: 10, pss: 5 };
}

const detached = { authorization: "none", tui: "detached" } as const;

describe("figures of the comparison", () => {
  it("medians of odd and even numbers of rounds", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it("a row holds CPU per request and the rate, each the median over the rounds", () => {
    const row = rowOf(mainShape, { chain: "meshdev", ...detached }, [
      sample(1000, 0.05),
      sample(2000, 0.2),
      sample(1000, 0.09),
    ]);
    expect(row).toMatchObject({
      chain: "meshdev",
      protocol: "http/1.1",
      connections: 32,
      bodyBytes: 128,
      cpuMicrosPerRequest: 90,
      requestsPerSecond: 500,
      newConnectionsPerSecond: null,
      cpuSecondsPerGB: null,
      cpuByRound: [50, 100, 90],
    });
  });

  it("poured bytes are counted per GB, not per request", () => {
    const pours = shapes.find((shape) => shape.protocol === "tcp") ?? mainShape;
    const row = rowOf(pours, { chain: "envoy", ...detached }, [{ ...sample(0, 1), bytes: 5e8 }]);
    expect(row).toMatchObject({ cpuSecondsPerGB: 2, gigabitsPerSecond: 2, cpuMicrosPerRequest: null });
  });

  it("ratios belong to one round: a noisy round that met both chains does not count double", () => {
    const one = rowOf(mainShape, { chain: "meshdev", ...detached }, [
      sample(1000, 0.04),
      sample(1000, 0.4),
      sample(1000, 0.05),
    ]);
    const other = rowOf(mainShape, { chain: "envoy", ...detached }, [
      sample(1000, 0.1),
      sample(1000, 1),
      sample(1000, 0.1),
    ]);
    expect(ratioOf(one, other)).toBe(0.4);
    expect(ratioOf(one, undefined)).toBeUndefined();
    const [first, , attached] = targetsOf([one, other], undefined);
    expect(first).toMatchObject({ ratio: 0.4, limit: 0.4 });
    expect(attached?.ratio).toBeUndefined();
  });
});

describe("the load generator's tools", () => {
  it("percentiles are right within 1 %", () => {
    const tally = createTally();
    const now = performance.now();
    // 990 answers that took about a second, 10 that took about ten.
    for (let n = 0; n < 990; n += 1) tally.answered(now - 1000);
    for (let n = 0; n < 11; n += 1) tally.answered(now - 10_000);
    const { p50Ms, p99Ms, requests } = tally.read();
    expect(requests).toBe(1001);
    expect(p50Ms).toBeGreaterThan(990);
    expect(p50Ms).toBeLessThan(1100);
    expect(p99Ms).toBeGreaterThan(990);
    tally.reset();
    expect(tally.read().requests).toBe(0);
  });

  it("frames are found wherever the bytes are cut, also when the buffer is filled anew", () => {
    const bytes = Buffer.concat([
      frame(frameType.settings, 0, 0, Buffer.alloc(0)),
      frame(frameType.headers, 4, 3, literal(58, "meshdev-bench")),
      frame(frameType.data, 1, 3, Buffer.from("hello")),
    ]);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const seen: string[] = [];
      const read = readFrames(({ type, flags, stream, start, end }, from) => {
        seen.push(`${type} ${flags} ${stream} ${from.toString("latin1", start, end)}`);
      });
      const reused = Buffer.alloc(bytes.length);
      for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
        part.copy(reused);
        read(reused.subarray(0, part.length));
      }
      expect(seen).toEqual(["4 0 0 ", "1 4 3 \u000f\u002b\u000dmeshdev-bench", "0 1 3 hello"]);
    }
  });
});
