import { assertNever } from "../../runtime/core/assert-never.ts";
import type { Answer } from "../../runtime/predict/payload.ts";
import type { Trace } from "../../runtime/predict/trace.ts";
import type { CaseRequest } from "./case.ts";

export interface Difference {
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** What became of a request, in the words of the recordings. */
export function outcomeOf(request: CaseRequest, answer: Answer): string {
  const overTls = request.tls !== undefined || request.url?.startsWith("https:") === true;
  switch (answer.kind) {
    case "http":
      return overTls && answer.tls === undefined ? "tls-rejected" : `http:${answer.interim?.[0] ?? answer.status}`;
    case "bytes":
      if (overTls && answer.tls === undefined) return "tls-rejected";
      return request.tcp === undefined ? "bytes" : "tcp:echo";
    case "closed":
      return "closed";
    case "hang":
      return "timeout";
    case "refused":
      return "refused";
    case "tls-failed":
      return "tls-rejected";
    default:
      return assertNever(answer);
  }
}

/** The rule that a verdict names; `none`: no ALLOW rule matched. */
export function decidedBy(trace: Pick<Trace, "proxies">, verdict: "allow" | "deny"): string | undefined {
  const decision = trace.proxies.findLast(
    (proxy) => proxy.side === "inbound" && proxy.decision !== undefined,
  )?.decision;
  if (decision === undefined || decision.verdict !== verdict) return undefined;
  if (decision.reason === "jwt" || decision.reason.startsWith("ext-authz-")) return undefined;
  return decision.by?.id ?? (verdict === "deny" ? "none" : undefined);
}
