import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Endpoint, WeightedCluster } from "../../../runtime/model/snapshot.ts";
import { chooseCluster } from "../../../runtime/traffic/choose-cluster.ts";
import { chooseEndpoint } from "../../../runtime/traffic/choose-endpoint.ts";
import { decideFault } from "../../../runtime/traffic/fault.ts";

function cluster(name: string, weight: number): WeightedCluster {
  return { cluster: name, weight, headers: { request: undefined, response: undefined }, hostRewrite: undefined };
}

function endpoint(workload: string, ready = true): Endpoint {
  return { workload, address: "10.244.0.1", port: 8080, ready, mtls: false };
}

describe("choosing a destination", () => {
  it("takes a single destination whatever its weight", () => {
    expect(chooseCluster([cluster("a", 0)], () => 0.5)?.cluster).toBe("a");
    expect(chooseCluster([], () => 0.5)).toBeUndefined();
  });

  it("shares requests in proportion to the weights, and never picks a weight of 0", () => {
    const weights = fc
      .array(fc.integer({ min: 0, max: 20 }), { minLength: 2, maxLength: 5 })
      .filter((list) => list.some((one) => one > 0));
    fc.assert(
      fc.property(weights, (list) => {
        const clusters = list.map((weight, index) => cluster(`${index}`, weight));
        const total = list.reduce((sum, weight) => sum + weight, 0);
        const counts = list.map(() => 0);
        for (let i = 0; i < total; i++) {
          const chosen = Number(chooseCluster(clusters, () => (i + 0.5) / total)?.cluster);
          counts[chosen] = (counts[chosen] ?? 0) + 1;
        }
        expect(counts).toEqual(list);
      }),
    );
  });

  it("survives a draw that rounds up to the whole", () => {
    expect(chooseCluster([cluster("a", 1), cluster("b", 0)], () => 1)?.cluster).toBe("a");
  });
});

describe("choosing an endpoint", () => {
  const a = endpoint("a");
  const b = endpoint("b");
  const c = endpoint("c", false);

  it("goes round over those that are ready", () => {
    const turns = [0, 1, 2, 3, 4].map((turn) => chooseEndpoint({ endpoints: [a, c, b] }, turn)?.workload);
    expect(turns).toEqual(["a", "b", "b", "a", "b"]);
  });

  it("finds none where none is ready", () => {
    expect(chooseEndpoint({ endpoints: [c] }, 0)).toBeUndefined();
    expect(chooseEndpoint({ endpoints: [] }, 7)).toBeUndefined();
  });

  it("avoids what was tried while another is left", () => {
    expect(chooseEndpoint({ endpoints: [a, b] }, 0, new Set([a]))).toBe(b);
    expect(chooseEndpoint({ endpoints: [a, b] }, 1, new Set([a, b]))).toBe(b);
  });
});

describe("faults", () => {
  const abort = { status: 503, grpcStatus: undefined };

  it("draws delay and abort independently", () => {
    const policy = { delay: { ms: 100, millionths: 500_000 }, abort: { ...abort, millionths: 500_000 } };
    const draws = [0.4, 0.6];
    expect(decideFault(policy, () => draws.shift() ?? 0)).toEqual({ delayMs: 100, abort: undefined });
    const others = [0.6, 0.4];
    expect(decideFault(policy, () => others.shift() ?? 0)).toEqual({ delayMs: 0, abort });
  });

  it.each([
    [0, 0, false],
    [1, 0.000001, false],
    [1, 0.0000009, true],
    [1_000_000, 0.999999, true],
  ])("%i millionths with a draw of %f: %s", (millionths, draw, hit) => {
    expect(decideFault({ delay: undefined, abort: { ...abort, millionths } }, () => draw).abort !== undefined).toBe(
      hit,
    );
  });

  it("does nothing without a policy", () => {
    expect(decideFault(undefined, () => 0)).toEqual({ delayMs: 0, abort: undefined });
  });
});
