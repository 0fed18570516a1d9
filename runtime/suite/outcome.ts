import type { DecisionRecord } from "../model/decision.ts";
import type { Provenance } from "../model/resource.ts";
import type { PredictedOutcome, Prediction } from "../predict/call.ts";
import type { Decider } from "./wanted-policy.ts";

/** What became of a call, on paper or for real. */
export interface Outcome {
  /** `depends`: on an external authorizer, whom nobody asks on paper. */
  readonly verdict: PredictedOutcome | "depends";
  /** HTTP status that the caller gets; null: none, or on paper the application's own. */
  readonly status: number | null;
  /** The policy behind it; null: none, the default decided. */
  readonly by: Decider | null;
  /** One line: `403 RBAC: access denied`. */
  readonly summary: string;
  /** What the server's sidecar decided; null when it never came to that. */
  readonly decision: DecisionRecord | null;
  /** Fields behind a refusal below policy. */
  readonly because: readonly Provenance[];
}

export function outcomeOf({ verdict, outcome, summary, decision, details }: Prediction): Outcome {
  return {
    verdict: verdict === "depends" ? "depends" : outcome,
    status: details.hits.length > 0 ? null : details.status,
    by: deciderOf(outcome, decision, details.because),
    summary,
    decision,
    because: details.because,
  };
}

/** The rule that decided, or that refused the token; below policy the field that made the sidecar refuse. */
export function deciderOf(
  verdict: PredictedOutcome,
  decision: DecisionRecord | null,
  because: readonly Provenance[],
): Decider | null {
  const rule = decision === null ? null : (decision.by ?? (decision.reason === "jwt" ? decision.token?.rule : null));
  if (rule !== null && rule !== undefined) {
    const { resource, file, line, column } = rule;
    return { resource, file, line, column, rule: rule.rule };
  }
  const [field] = verdict === "tls-fail" ? because : [];
  if (field === undefined) return null;
  const { resource, file, line, column } = field;
  return { resource, file, line, column, rule: null };
}
