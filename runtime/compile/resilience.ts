import { grpcStatusNames } from "../model/grpc-status.ts";
import type { HttpFault, HttpRetry } from "../model/istio-networking.ts";
import type { FaultPolicy, RetryPolicy } from "../model/snapshot.ts";
import { defaultRetryPolicy } from "../traffic/retry.ts";
import { parseDuration } from "./duration.ts";

/** The retry policy of a route: its own, else the mesh's, else Istio's default; no attempts, no policy (spec traffic 2.9.1-2.9.3). */
export function compileRetry(own: HttpRetry | undefined, mesh: HttpRetry | undefined): RetryPolicy | undefined {
  const policy = own ?? mesh;
  if (policy === undefined) return defaultRetryPolicy;
  const attempts = policy.attempts ?? 0;
  if (attempts <= 0) return undefined;
  const { on, statuses } = parseRetryOn(policy.retryOn ?? "");
  return {
    attempts,
    on,
    statuses,
    perTryTimeoutMs: parseDuration(policy.perTryTimeout),
    backoffMs: parseDuration(policy.backoff) ?? defaultRetryPolicy.backoffMs,
  };
}

/** Numbers are status codes to retry; they imply the token `retriable-status-codes`. */
function parseRetryOn(text: string): Pick<RetryPolicy, "on" | "statuses"> {
  if (text === "") return { on: defaultRetryPolicy.on, statuses: defaultRetryPolicy.statuses };
  const parts = text.split(",");
  const statuses = parts.filter((part) => /^[1-5]\d\d$/.test(part)).map(Number);
  const tokens = parts.filter((part) => part !== "" && !/^\d+$/.test(part));
  if (statuses.length > 0 && !tokens.includes("retriable-status-codes")) tokens.push("retriable-status-codes");
  return { on: tokens, statuses };
}

/** No percentage means nothing is injected (spec traffic 2.10.2). */
export function compileFault(fault: HttpFault | undefined): FaultPolicy | undefined {
  if (fault === undefined) return undefined;
  const { delay, abort } = fault;
  const delayMs = parseDuration(delay?.fixedDelay);
  return {
    delay:
      delay === undefined || delayMs === undefined
        ? undefined
        : { ms: delayMs, millionths: millionths(delay.percentage?.value, delay.percent) },
    abort: abort === undefined ? undefined : compileAbort(abort),
  };
}

function compileAbort(abort: NonNullable<HttpFault["abort"]>): FaultPolicy["abort"] {
  const code = abort.grpcStatus === undefined ? -1 : grpcStatusNames.indexOf(abort.grpcStatus);
  return {
    status: abort.httpStatus ?? 200,
    grpcStatus: code === -1 ? undefined : code,
    millionths: millionths(abort.percentage?.value, undefined),
  };
}

function millionths(value: number | undefined, percent: number | undefined): number {
  return value === undefined ? (percent ?? 0) * 10_000 : Math.trunc(value * 10_000);
}
