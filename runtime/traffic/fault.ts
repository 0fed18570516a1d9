import type { FaultPolicy } from "../model/snapshot.ts";

export interface FaultDecision {
  /** 0: none. */
  readonly delayMs: number;
  readonly abort: { readonly status: number; readonly grpcStatus: number | undefined } | undefined;
}

const none: FaultDecision = { delayMs: 0, abort: undefined };

/** Delay and abort are drawn independently, once per request; the abort comes after the delay (spec traffic 2.10.2). `draw`: [0, 1). */
export function decideFault(policy: FaultPolicy | undefined, draw: () => number): FaultDecision {
  if (policy === undefined) return none;
  const { delay, abort } = policy;
  const delayed = delay !== undefined && hits(delay.millionths, draw);
  const aborted = abort !== undefined && hits(abort.millionths, draw);
  if (!delayed && !aborted) return none;
  return {
    delayMs: delayed ? delay.ms : 0,
    abort: aborted ? { status: abort.status, grpcStatus: abort.grpcStatus } : undefined,
  };
}

function hits(millionths: number, draw: () => number): boolean {
  return millionths > 0 && draw() * 1_000_000 < millionths;
}
