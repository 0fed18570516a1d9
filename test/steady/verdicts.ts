import { isDenied } from "./policy.ts";

/** One edit of the policy, in milliseconds of the machine's monotonic clock. Index in the timeline = number of the edit. */
export interface Edit {
  /** Just before the file was touched. */
  readonly begun: number;
  /** When its generation had been reported live on every proxy; undefined: not yet. */
  live: number | undefined;
}

/** One call of a `/bit/…` path. */
export interface BitCall {
  readonly begun: number;
  readonly ended: number;
  readonly bit: number;
  /** 0: no answer. */
  readonly status: number;
}

export type Judgement =
  /** Only this verdict could come. */
  | "right"
  /** Between begin and end edits of both kinds were possible. */
  | "either"
  /** Decided by an edit that was no longer, or not yet, in force. */
  | "wrong"
  /** Neither 200 nor 403. */
  | "lost";

/** Which edits may have decided a call: from the last that was live when it began to the last that was begun when it ended. */
export function judge(call: BitCall, timeline: readonly Edit[]): Judgement {
  if (call.status !== 200 && call.status !== 403) return "lost";
  const oldest = lastIndex(timeline, (edit) => edit.live !== undefined && edit.live <= call.begun);
  const newest = lastIndex(timeline, (edit) => edit.begun <= call.ended);
  if (oldest < 0) return "either";
  const denied = call.status === 403;
  let same = false;
  let other = false;
  for (let edit = oldest; edit <= newest; edit += 1) {
    if (isDenied(edit, call.bit) === denied) same = true;
    else other = true;
  }
  if (!same) return "wrong";
  return other ? "either" : "right";
}

/** The timeline is ordered: binary search. */
function lastIndex(timeline: readonly Edit[], holds: (edit: Edit) => boolean): number {
  let low = 0;
  let high = timeline.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const edit = timeline[middle];
    if (edit !== undefined && holds(edit)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A line of a caller's record: `begun ended bit status`. */
export function parseBitCall(line: string): BitCall | undefined {
  const [begun, ended, bit, status] = line.split(" ").map(Number);
  if (begun === undefined || ended === undefined || bit === undefined || status === undefined) return undefined;
  return { begun, ended, bit, status };
}

/** Milliseconds of CLOCK_MONOTONIC, which all processes of the machine share. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
