import type { DecisionRecord, RuleRecord } from "../../runtime/model/decision.ts";
import { missedWords, reasonWords, shortName } from "./decision-words.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Segment } from "./segment.ts";

/** The end of a plain line: who decided, and where it is written; behind it whose token was verified. */
export function decisionSummary(decision: DecisionRecord): readonly Segment[] {
  const { token } = decision;
  if (token?.verified !== true) return decidedBy(decision);
  const principal = [token.issuer, token.subject].filter((part) => part !== null && part !== "").join("/");
  return [...decidedBy(decision), seg(`  token of ${sanitize(principal)}`, "dim")];
}

function decidedBy(decision: DecisionRecord): readonly Segment[] {
  if (decision.reason === "jwt" && decision.token !== undefined) {
    const { fault, rule } = decision.token;
    return [
      seg(sanitize(fault ?? ""), "strong"),
      ...(rule === null ? [] : [seg(` by ${shortName(rule.resource)} rule ${rule.rule} `), seg(place(rule), "dim")]),
    ];
  }
  if (decision.reason === "ext-authz-denied" || decision.reason === "ext-authz-error") {
    const asking = decision.by === null ? [] : [seg(", asked "), ...byRule(decision.by)];
    return [seg(reasonWords(decision)), ...asking];
  }
  if (decision.by !== null) return byRule(decision.by);
  const nearest = decision.tried.find((rule) => rule.result === "missed" && !rule.dryRun);
  if (decision.verdict === "deny" && nearest !== undefined) {
    const missed = nearest.missed;
    const words = missed === null ? "it names no request" : missedWords(missed);
    return [
      seg("no ALLOW rule matched; nearest "),
      seg(`${shortName(nearest.resource)} rule ${nearest.rule}`, "strong"),
      seg(`: ${words} `),
      seg(place(missed ?? nearest), "dim"),
    ];
  }
  return [seg(decision.verdict === "deny" ? "no ALLOW rule matched" : reasonWords(decision), "dim")];
}

function byRule(rule: RuleRecord): readonly Segment[] {
  return [seg("by "), seg(`${shortName(rule.resource)} rule ${rule.rule}`, "strong"), seg(` ${place(rule)}`, "dim")];
}
