import { coveredMatches } from "./covered-matches.ts";
import type { Report } from "./report.ts";
import { matchKey, matchName, ruleName } from "./rule-names.ts";
import type { VirtualService } from "./specs.ts";

interface Rule {
  readonly name?: string;
  readonly match?: readonly object[];
}

/** Rules and matches that an earlier rule leaves nothing for (spec traffic 10.1.6, errata E19). */
export function noticeUnreachable(spec: VirtualService, report: Report): void {
  noticeRules(spec.http ?? [], "spec.http", report);
  for (const { rule, match, by } of coveredMatches(spec.http ?? []))
    noticeMatch(ruleName(spec.http?.[rule.index], rule.index), match, by, `spec.http[${rule.index}]`, report);
  noticeRules(spec.tcp ?? [], "spec.tcp", report);
  noticeRules(spec.tls ?? [], "spec.tls", report);
}

function noticeRules(rules: readonly Rule[], field: string, report: Report): void {
  const known = new Map<string, number>();
  let open = false;
  for (const [index, rule] of rules.entries()) {
    const at = `${field}[${index}]`;
    const name = ruleName(rule, index);
    const matches = rule.match ?? [];
    if (matches.length === 0) {
      if (open) noticeRule(name, "only the last rule can have no matches", at, report);
      open = true;
      continue;
    }
    let repeated = 0;
    for (const [number, match] of matches.entries()) {
      if (open) {
        noticeRule(name, "route without matches defined before", at, report);
        continue;
      }
      const key = matchKey(match);
      const earlier = known.get(key);
      if (earlier === undefined) known.set(key, index);
      else {
        noticeMatch(
          name,
          matchName(match, number),
          ruleName(rules[earlier], earlier),
          `${at}.match[${number}]`,
          report,
        );
        repeated += 1;
      }
    }
    if (repeated === matches.length) noticeRule(name, "all matches used by prior rules", at, report);
  }
}

function noticeRule(rule: string, reason: string, field: string, report: Report): void {
  report.notice("IST0130", field, `virtualService rule ${rule} not used (${reason})`);
}

function noticeMatch(rule: string, match: string, by: string, field: string, report: Report): void {
  report.notice(
    "IST0131",
    field,
    `virtualService rule ${rule} match ${match} is not used (duplicate/overlapping match in rule ${by})`,
  );
}
