import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RetryPolicy } from "../../../runtime/model/snapshot.ts";
import { resetFlag, type ResetReason } from "../../../runtime/traffic/reset.ts";
import {
  decideRetry,
  defaultRetryPolicy,
  inboundRetryPolicy,
  mayRetryAnswer,
  retryDelayMs,
  type TryOutcome,
} from "../../../runtime/traffic/retry.ts";

function policy(on: string, statuses: readonly number[] = []): RetryPolicy {
  return { attempts: 2, on: on.split(","), statuses, perTryTimeoutMs: undefined, backoffMs: 25 };
}

function response(status: number, headers: Readonly<Record<string, string>> = {}): TryOutcome {
  return { kind: "response", status, header: (name) => headers[name] };
}

function reset(reason: ResetReason, started = true): TryOutcome {
  return { kind: "reset", reason, started };
}

describe("what is tried again", () => {
  it.each<[string, TryOutcome, boolean]>([
    ["5xx", response(500), true],
    ["5xx", response(499), false],
    ["gateway-error", response(502), true],
    ["gateway-error", response(500), false],
    ["retriable-4xx", response(409), true],
    ["retriable-4xx", response(404), false],
    ["retriable-status-codes", response(503), false],
    ["unavailable", response(200, { "grpc-status": "14" }), true],
    ["cancelled", response(200, { "grpc-status": "1" }), true],
    ["internal", response(200, { "grpc-status": "14" }), false],
    ["5xx", response(503, { "x-envoy-ratelimited": "true" }), false],
    ["5xx,envoy-ratelimited", response(503, { "x-envoy-ratelimited": "true" }), true],
    ["5xx,envoy-ratelimited", response(503), true],
    ["5xx", reset("connection termination"), true],
    ["gateway-error", reset("connection termination"), true],
    ["reset", reset("connection termination"), true],
    ["reset-before-request", reset("connection termination"), false],
    ["reset-before-request", reset("remote connection failure", false), true],
    ["connect-failure", reset("connection termination"), false],
    ["connect-failure", reset("remote connection failure", false), true],
    ["connect-failure", reset("connection timeout", false), true],
    ["refused-stream", reset("remote refused stream reset"), true],
    ["retriable-4xx", reset("remote connection failure", false), false],
    ["5xx", reset("overflow", false), false],
    ["reset", { kind: "per-try-timeout" }, true],
    ["connect-failure", { kind: "per-try-timeout" }, false],
  ])("%s: %j → %s", (on, outcome, expected) => {
    expect(decideRetry(policy(on), outcome, 0)).toBe(expected ? "retry" : "no");
  });

  it("retries the listed status codes", () => {
    expect(decideRetry(policy("retriable-status-codes", [503]), response(503), 0)).toBe("retry");
  });

  it("by default never retries a plain 503, but refused connections", () => {
    expect(decideRetry(defaultRetryPolicy, response(503), 0)).toBe("no");
    expect(decideRetry(defaultRetryPolicy, reset("connection termination"), 0)).toBe("no");
    expect(decideRetry(defaultRetryPolicy, reset("remote connection failure", false), 1)).toBe("retry");
    expect(decideRetry(defaultRetryPolicy, reset("remote connection failure", false), 2)).toBe("exhausted");
  });

  it("towards the application retries only what it has not begun to read", () => {
    expect(decideRetry(inboundRetryPolicy, reset("remote connection failure", false), 0)).toBe("retry");
    expect(decideRetry(inboundRetryPolicy, reset("connection termination", true), 0)).toBe("no");
  });

  it("never without a policy or attempts", () => {
    expect(decideRetry(undefined, response(503), 0)).toBe("no");
    expect(decideRetry({ ...policy("5xx"), attempts: 0 }, response(503), 0)).toBe("no");
  });
});

it("waits less than base × (2^n − 1), and never more than ten times the base", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 50 }),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (base, n, draw) => {
        const delay = retryDelayMs({ backoffMs: base }, n, () => draw);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThan(Math.min(base * 10, base * (2 ** n - 1)) + 1);
      },
    ),
  );
});

it.each<[ResetReason, string]>([
  ["local connection failure", "UF"],
  ["remote connection failure", "UF"],
  ["connection timeout", "UF"],
  ["connection termination", "UC"],
  ["local reset", "LR"],
  ["remote reset", "UR"],
  ["remote refused stream reset", "UR"],
  ["overflow", "UO"],
  ["protocol error", "UPE"],
])("%s is flagged %s", (reason, flag) => {
  expect(resetFlag(reason)).toBe(flag);
});

it("no answer that is tried again is passed over by its status alone", () => {
  const tokens =
    "5xx gateway-error retriable-4xx retriable-status-codes cancelled deadline-exceeded internal unavailable envoy-ratelimited reset".split(
      " ",
    );
  const headers = fc.record(
    { "grpc-status": fc.constantFrom("0", "1", "4", "13", "14"), "x-envoy-ratelimited": fc.constant("true") },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom(...tokens)),
      fc.uniqueArray(fc.constantFrom(200, 302, 404, 418)),
      fc.integer({ min: 100, max: 599 }),
      headers,
      (on, statuses, status, said) => {
        const known = new Map<string, string>(Object.entries(said));
        const own = policy(on.join(","), statuses);
        const verdict = decideRetry(own, { kind: "response", status, header: (name) => known.get(name) }, 0);
        expect(verdict === "no" || mayRetryAnswer(own, status, (name) => known.has(name))).toBe(true);
      },
    ),
  );
});
