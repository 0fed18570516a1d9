import type { RetryPolicy } from "../model/snapshot.ts";
import { decideRetry, mayRetryAnswer } from "../traffic/retry.ts";
import type { RetryVerdict, TryOutcome } from "../traffic/retry.ts";
import { hasHeader, headerValue } from "../wire/http1/head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";

/** What follows a try, the `attempt`-th; a request that can't be sent again is not. */
export function judgeTry(
  policy: RetryPolicy | undefined,
  outcome: TryOutcome,
  attempt: number,
  replayable: boolean,
): RetryVerdict {
  const verdict = decideRetry(policy, outcome, attempt - 1);
  return verdict === "retry" && !replayable ? "no" : verdict;
}

export function judgeHead(
  policy: RetryPolicy | undefined,
  head: ResponseHead,
  attempt: number,
  replayable: boolean,
): RetryVerdict {
  const { status } = head;
  if (policy === undefined || !mayRetryAnswer(policy, status, (name) => hasHeader(head, name))) return "no";
  return judgeTry(policy, { kind: "response", status, header: (name) => headerValue(head, name) }, attempt, replayable);
}
