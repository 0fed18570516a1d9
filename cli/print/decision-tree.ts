import type {
  DecisionRecord,
  MissedClause,
  PolicyRecord,
  RuleRecord,
  TokenRecord,
  TriedClause,
  TriedRule,
} from "../../runtime/model/decision.ts";
import { heldWords, listWords, missedWords } from "./decision-words.ts";
import { shadowLines } from "./ext-authz.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line, type Segment } from "./segment.ts";

/** The whole evaluation in the order in which Istio asks: token, CUSTOM, DENY, ALLOW; AUDIT and dry runs beside. */
export function decisionLines(decision: DecisionRecord): readonly Line[] {
  const lines: Line[] = [];
  if (decision.details !== null) lines.push([seg(`details ${sanitize(decision.details)}`, "dim")]);
  if (decision.note !== null) lines.push([seg(`note: ${sanitize(decision.note)}`, "warn")]);
  if (decision.token !== undefined) lines.push(...tokenLines(decision.token));
  for (const action of ["CUSTOM", "DENY", "ALLOW"] as const) lines.push(...actionLines(decision, action));
  lines.push(...asideLines(decision), ...shadowLines(decision.shadow));
  const { omitted = 0 } = decision;
  if (omitted > 0) lines.push([seg(`and ${omitted} more rules`, "dim")]);
  return lines;
}

function actionLines(decision: DecisionRecord, action: "CUSTOM" | "DENY" | "ALLOW"): readonly Line[] {
  const rules = decision.tried.filter((rule) => rule.action === action && !rule.dryRun);
  const empty = (decision.empty ?? []).filter((policy) => policy.action === action && !policy.dryRun);
  if (rules.length + empty.length === 0) return [];
  return [
    [seg(action.padEnd(7), "strong"), ...resultOf(decision, action, rules)],
    ...rules.flatMap((rule) => ruleLines(rule, decision.by)),
    ...empty.map(emptyLine),
  ];
}

/** What came of all the rules of one action. */
function resultOf(decision: DecisionRecord, action: string, rules: readonly TriedRule[]): readonly Segment[] {
  const refused = decision.verdict === "deny";
  if (decision.by?.action === action)
    return [seg("a rule matched, so it is "), refused ? seg("refused", "bad") : seg("allowed", "good")];
  if (rules.some(({ notAsked }) => notAsked === true)) return [seg("not asked: it was refused before", "dim")];
  if (action === "CUSTOM" && rules.some(({ result }) => result === "matched"))
    return [seg("a rule matched, and its authorizer let it pass")];
  if (action === "ALLOW" && refused) return [seg("no rule matched, so it is "), seg("refused", "bad")];
  return [seg("no rule matched", "dim")];
}

/** Policies that never decide. */
function asideLines(decision: DecisionRecord): readonly Line[] {
  const rules = decision.tried.filter(({ action, dryRun }) => dryRun || action === "AUDIT");
  const empty = (decision.empty ?? []).filter(({ action, dryRun }) => dryRun || action === "AUDIT");
  if (rules.length + empty.length === 0) return [];
  return [
    [seg("beside ", "strong"), seg("AUDIT and dry runs decide nothing", "dim")],
    ...rules.flatMap((rule) => ruleLines(rule, decision.by)),
    ...empty.map(emptyLine),
  ];
}

function emptyLine(policy: PolicyRecord): Line {
  return [
    seg("  empty   ", "warn"),
    seg(sanitize(policy.resource), "strong"),
    seg(`${policy.dryRun ? " (dry run)" : ""} has no rule, so it matches nothing `),
    seg(place(policy), "info"),
  ];
}

/** Two marks a rule: what became of it, and below each clause with what the request had. */
function ruleLines(rule: TriedRule, by: RuleRecord | null): readonly Line[] {
  const name = [
    seg(`${rule.action === "AUDIT" ? "AUDIT " : ""}${sanitize(rule.resource)} rule ${rule.rule}`, "strong"),
    seg(rule.dryRun ? " (dry run)" : ""),
  ];
  const decided = by !== null && rule.resource === by.resource && rule.rule === by.rule;
  const clauses = rule.clauses ?? [];
  const unusable = (rule.unusable ?? []).map((field): Line => [
    seg("    unused ", "warn"),
    seg(`${sanitize(field.field)} ${listWords(field.wanted)}: ${sanitize(field.why)} `),
    seg(place(field), "info"),
  ]);
  switch (rule.result) {
    case "matched":
      return [
        [seg("  matched ", decided ? "strong" : "warn"), ...name, seg(` ${place(rule)}`, "info")],
        ...unusable,
        ...clauseLines(clauses),
      ];
    case "skipped":
      return [
        [seg("  skipped ", "warn"), ...name, seg(` ${place(rule)}`, "info")],
        ...(unusable.length > 0 ? unusable : [[seg(`    ${sanitize(rule.skipped ?? "")}`)]]),
        ...clauseLines(clauses),
      ];
    case "missed":
      return [
        [seg("  missed  ", "dim"), ...name, seg(distanceWords(rule), "dim"), seg(` ${place(rule)}`, "info")],
        ...unusable,
        ...clauseLines(clauses.length > 0 || rule.missed === null ? clauses : [{ ...rule.missed, held: false }]),
      ];
  }
}

function distanceWords({ distance }: TriedRule): string {
  return distance === undefined ? "" : distance === 1 ? ", one clause away" : `, ${distance} clauses away`;
}

/** What failed comes first. */
function clauseLines(clauses: readonly TriedClause[]): readonly Line[] {
  return clauses
    .toSorted((a, b) => Number(a.held) - Number(b.held))
    .flatMap((clause): readonly Line[] =>
      clause.held ? [[seg("    held   ", "good"), seg(heldWords(clause), "dim")]] : missedLines(clause),
    );
}

function missedLines(clause: MissedClause): readonly Line[] {
  return [
    [seg("    missed ", "bad"), seg(`${missedWords(clause)} `), seg(place(clause), "info")],
    ...(clause.hint === undefined ? [] : [[seg(`           ${sanitize(clause.hint)}`, "warn")]]),
  ];
}
/** Who the token says it is for, where it came from, and the rule that judged it. */
function tokenLines(token: TokenRecord): readonly Line[] {
  const { issuer, subject, audiences, expires, rule } = token;
  const parts = [
    ...(issuer === null ? [] : [`issuer ${issuer === "" ? "none" : issuer}`]),
    ...(subject === null || subject === "" ? [] : [`subject ${subject}`]),
    ...(audiences.length === 0 ? [] : [`audiences ${listWords(audiences)}`]),
    ...(expires === null ? [] : [`expires ${expires}`]),
  ];
  const head: Line = [
    seg("  token ", "dim"),
    seg(token.verified ? "verified" : "refused", token.verified ? "good" : "bad"),
    seg(` from ${sanitize(token.location)}`),
    ...(token.fault === null ? [] : [seg(`: ${sanitize(token.fault)}`, "bad")]),
  ];
  const says: Line[] =
    parts.length === 0 ? [] : [[seg(token.verified ? "    " : "    says ", "dim"), seg(sanitize(parts.join(", ")))]];
  const by: Line[] = rule === null ? [] : [[seg(`    by ${sanitize(rule.id)} `), seg(place(rule), "info")]];
  return [head, ...says, ...by];
}
