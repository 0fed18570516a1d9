import { assertNever } from "../core/assert-never.ts";
import type { RetryPolicy } from "../model/snapshot.ts";
import type { ResetReason } from "./reset.ts";

/** How one upstream try ended. */
export type TryOutcome =
  | { readonly kind: "response"; readonly status: number; readonly header: (name: string) => string | undefined }
  /** `started`: some byte of the request was written upstream. */
  | { readonly kind: "reset"; readonly reason: ResetReason; readonly started: boolean }
  | { readonly kind: "per-try-timeout" };

/** What every outbound HTTP route does unless told otherwise: up to three tries, never for plain 503s (spec traffic 2.9.1). */
export const defaultRetryPolicy: RetryPolicy = {
  attempts: 2,
  on: ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"],
  statuses: [],
  perTryTimeoutMs: undefined,
  backoffMs: 25,
};

/** Towards the own application; it covers refused connections too (spec traffic 2.9.11, errata A15). */
export const inboundRetryPolicy: RetryPolicy = {
  attempts: 2,
  on: ["reset-before-request"],
  statuses: [],
  perTryTimeoutMs: undefined,
  backoffMs: 25,
};

/** `exhausted`: another try was due but none is left, which adds the flag URX (spec traffic 2.9.9). */
export type RetryVerdict = "retry" | "exhausted" | "no";

/** Decides after a try; `retries` counts the retries made so far. */
export function decideRetry(policy: RetryPolicy | undefined, outcome: TryOutcome, retries: number): RetryVerdict {
  if (policy === undefined || policy.attempts === 0 || !isRetriable(policy, outcome)) return "no";
  return retries < policy.attempts ? "retry" : "exhausted";
}

/** Fully jittered: below base × (2^retry − 1), at most 10 × base (spec traffic 2.9.5). `retry` is 1 for the first. */
export function retryDelayMs(policy: Pick<RetryPolicy, "backoffMs">, retry: number, draw: () => number): number {
  const ceiling = Math.min(policy.backoffMs * (2 ** Math.min(retry, 30) - 1), policy.backoffMs * 10);
  return Math.floor(draw() * ceiling);
}

function isRetriable(policy: RetryPolicy, outcome: TryOutcome): boolean {
  switch (outcome.kind) {
    case "response":
      return isRetriableResponse(policy, outcome);
    case "reset":
      return outcome.reason !== "overflow" && policy.on.some((token) => retriesReset(token, outcome));
    case "per-try-timeout":
      return policy.on.some((token) => token === "5xx" || token === "gateway-error" || token === "reset");
    default:
      return assertNever(outcome);
  }
}

/**
 * Whether an answer could be retried at all by its status; what gRPC says is in headers, whose presence `hasHeader` tells. Nearly every
 * answer is done with here.
 */
export function mayRetryAnswer(policy: RetryPolicy, status: number, hasHeader: (name: string) => boolean): boolean {
  return status >= 400 || policy.statuses.length > 0 || hasHeader("grpc-status") || hasHeader("x-envoy-ratelimited");
}

function isRetriableResponse(policy: RetryPolicy, outcome: Extract<TryOutcome, { kind: "response" }>): boolean {
  // A rate-limited answer is retried only when asked for by name (errata traffic A6).
  if (outcome.header("x-envoy-ratelimited") !== undefined) return policy.on.includes("envoy-ratelimited");
  return policy.on.some((token) => retriesResponse(token, outcome, policy.statuses));
}

const grpcStatuses: ReadonlyMap<string, string> = new Map([
  ["cancelled", "1"],
  ["deadline-exceeded", "4"],
  ["resource-exhausted", "8"],
  ["internal", "13"],
  ["unavailable", "14"],
]);

/** Spec traffic 2.9.4. */
function retriesResponse(
  token: string,
  outcome: Extract<TryOutcome, { kind: "response" }>,
  statuses: readonly number[],
): boolean {
  const { status } = outcome;
  switch (token) {
    case "5xx":
      return status >= 500 && status <= 599;
    case "gateway-error":
      return status >= 502 && status <= 504;
    case "retriable-4xx":
      return status === 409;
    case "retriable-status-codes":
      return statuses.includes(status);
    default: {
      const grpc = grpcStatuses.get(token);
      return grpc !== undefined && outcome.header("grpc-status") === grpc;
    }
  }
}

function retriesReset(token: string, outcome: Extract<TryOutcome, { kind: "reset" }>): boolean {
  switch (token) {
    case "5xx":
    case "gateway-error":
    case "reset":
      return true;
    case "reset-before-request":
      return !outcome.started;
    case "connect-failure":
      return (
        outcome.reason === "local connection failure" ||
        outcome.reason === "remote connection failure" ||
        outcome.reason === "connection timeout"
      );
    case "refused-stream":
      return outcome.reason === "remote refused stream reset";
    default:
      return false;
  }
}
