import type { DecisionRecord } from "../../runtime/model/decision.ts";
import { causeOfDecision, type Cause } from "../../runtime/store/cause.ts";
import { decisionLines } from "./decision-tree.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line, type Segment } from "./segment.ts";

/** The cause in the first line, its place in the second; behind `excerpt` all that has to change, when it is more than that. */
export function causeLines(cause: Cause, verdict: Segment, excerpt: readonly Line[] = []): readonly Line[] {
  const { text, at, what, changes } = cause;
  const where: Line[] =
    at === null ? [] : [[seg("  at "), seg(place(at), "info"), seg(`  ${sanitize(what ?? "")}`, "strong")]];
  return [
    [seg(verdict.text.trimEnd(), verdict.tone), seg(`  ${sanitize(text)}`, "strong")],
    ...where,
    ...excerpt,
    ...changeLines(changes),
    ...misplacedLines(cause),
  ];
}

/** A decision that no event tells of: its cause, then the whole evaluation. */
export function explainedLines(decision: DecisionRecord): readonly Line[] {
  const verdict = decision.verdict === "deny" ? seg("DENY", "bad") : seg("ALLOW", "good");
  return [...causeLines(causeOfDecision(decision), verdict), ...decisionLines(decision)];
}

function misplacedLines({ misplaced = [] }: Cause): readonly Line[] {
  return misplaced.map(({ text, at }): Line => [seg(`  ${sanitize(text)} `, "warn"), seg(place(at), "info")]);
}

function changeLines(changes: Cause["changes"]): readonly Line[] {
  if (changes.length < 2) return [];
  return [
    [seg(`  it takes ${changes.length} changes, all of them:`)],
    ...changes.map((change): Line => [seg(`    ${sanitize(change.text)} `), seg(place(change.at), "info")]),
  ];
}
