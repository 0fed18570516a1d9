import type {
  DecisionRecord,
  MissedClause,
  RuleRecord,
  TriedClause,
  TokenRecord,
  TriedRule,
} from "../../runtime/model/decision.ts";
import { shadowLines } from "./ext-authz.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line, type Segment } from "./segment.ts";

/** Decisions in words: the one-line summary and the clause-by-clause form that `why`, `can` and the detail pane share. */

function shortName(resource: string): string {
  return sanitize(resource.slice(resource.indexOf("/") + 1));
}

function list(values: readonly string[], limit = 3): string {
  const shown = values.slice(0, limit).map((value) => sanitize(value));
  const rest = values.length - shown.length;
  return shown.join(", ") + (rest > 0 ? ` (+${rest} more)` : "");
}

/** `from.source.principals wanted a, b; the request had c` */
function missedWords(missed: MissedClause): string {
  const field = sanitize(missed.field);
  const actual = missed.actual === null ? "nothing" : missed.actual === "" ? "an empty value" : sanitize(missed.actual);
  if (missed.negated) return `${field} excludes ${list(missed.wanted)}; the request had ${actual}`;
  return `${field} wanted ${list(missed.wanted)}; the request had ${actual}`;
}

/** `no ALLOW policy matched`, `matched AuthorizationPolicy default/x rule 0`, `no policy applies` */
export function reasonWords(decision: DecisionRecord): string {
  switch (decision.reason) {
    case "matched":
      return decision.by === null
        ? "a rule matched"
        : `${sanitize(decision.by.resource)} rule ${decision.by.rule} matched`;
    case "no-allow-matched":
      return "ALLOW policies apply and none matched";
    case "no-policy":
      return "no AuthorizationPolicy applies";
    case "jwt":
      return `the token was refused: ${sanitize(decision.token?.fault ?? "")}`;
    case "ext-authz-denied":
      return "an external authorizer refused it";
    case "ext-authz-error":
      return "the external authorizer gave no answer";
  }
}

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

/** Every rule that was tried, nearest miss first: two lines a rule, position included. */
export function decisionLines(decision: DecisionRecord): readonly Line[] {
  const lines: Line[] = [
    [
      seg(decision.verdict === "deny" ? "DENY" : "ALLOW", decision.verdict === "deny" ? "bad" : "good"),
      seg(`  ${reasonWords(decision)}`),
    ],
  ];
  if (decision.by !== null) lines.push([seg("  at "), seg(place(decision.by), "info")]);
  for (const rule of decision.tried)
    if (isDeciding(rule, decision.by)) lines.push(...clauseLines(rule.clauses ?? [], "  "));
  if (decision.details !== null) lines.push([seg(`  details ${sanitize(decision.details)}`, "dim")]);
  if (decision.token !== undefined) lines.push(...tokenLines(decision.token));
  if (decision.note !== null) lines.push([seg(`  note: ${sanitize(decision.note)}`, "warn")]);
  lines.push(...shadowLines(decision.shadow));
  const rest = decision.tried.filter((rule) => !isDeciding(rule, decision.by));
  const omitted = decision.omitted ?? 0;
  const count = rest.length + omitted;
  if (count > 0) lines.push([seg(decision.by === null ? `tried ${count}, nearest first:` : `also tried ${count}:`)]);
  for (const rule of rest) lines.push(...triedLines(rule));
  if (omitted > 0) lines.push([seg(`  and ${omitted} more`, "dim")]);
  return lines;
}

/** Who the token says it is for, where it came from, and the rule that judged it. */
function tokenLines(token: TokenRecord): readonly Line[] {
  const { issuer, subject, audiences, expires, rule } = token;
  const parts = [
    ...(issuer === null ? [] : [`issuer ${issuer === "" ? "none" : issuer}`]),
    ...(subject === null || subject === "" ? [] : [`subject ${subject}`]),
    ...(audiences.length === 0 ? [] : [`audiences ${list(audiences)}`]),
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

/** The clauses of a rule, held or missed, one line each. */
function clauseLines(clauses: readonly TriedClause[], indent: string): readonly Line[] {
  return clauses.map((clause): Line =>
    clause.held
      ? [seg(`${indent}held   `, "good"), seg(heldWords(clause), "dim")]
      : [seg(`${indent}missed `, "bad"), seg(`${missedWords(clause)} `), seg(place(clause), "info")],
  );
}

/** `to.operation.methods GET` */
function heldWords({ field, negated, wanted, actual }: TriedClause): string {
  const had = actual === null ? "nothing" : sanitize(actual);
  return negated ? `${sanitize(field)} excludes ${list(wanted)}; it was ${had}` : `${sanitize(field)} ${had}`;
}

function isAt(clause: MissedClause, other: MissedClause): boolean {
  return clause.field === other.field && clause.line === other.line && clause.column === other.column;
}

function isDeciding(rule: TriedRule, by: RuleRecord | null): boolean {
  return by !== null && rule.resource === by.resource && rule.rule === by.rule && rule.result === "matched";
}

function triedLines(rule: TriedRule): readonly Line[] {
  const dry = rule.dryRun ? " (dry run)" : "";
  const head: Segment[] = [
    seg("  "),
    seg(`${sanitize(rule.action)} ${sanitize(rule.resource)} rule ${rule.rule}${dry}`, "strong"),
  ];
  switch (rule.result) {
    case "matched":
      return [[...head, seg(" matched", "warn"), seg(` ${place(rule)}`, "info")]];
    case "skipped":
      return [
        [...head, seg(" skipped", "warn")],
        [seg(`    ${sanitize(rule.skipped ?? "not for this layer")} `), seg(place(rule), "info")],
      ];
    case "missed": {
      const missed = rule.missed;
      const score = seg(`  ${rule.held} of ${rule.parts} parts held`, "dim");
      if (missed === null)
        return [
          [...head, score],
          [seg("    no rule in it "), seg(place(rule), "info")],
        ];
      return [
        [...head, score],
        [seg("    "), seg("missed ", "bad"), seg(missedWords(missed))],
        [seg("    at "), seg(place(missed), "info")],
        ...clauseLines(
          (rule.clauses ?? []).filter((clause) => !isAt(clause, missed)),
          "    ",
        ),
      ];
    }
  }
}
