import type { DecisionRecord, MissedClause, TriedClause } from "../../runtime/model/decision.ts";
import { sanitize } from "./sanitize.ts";

/** Pieces of decisions as text. */

export function shortName(resource: string): string {
  return sanitize(resource.slice(resource.indexOf("/") + 1));
}

export function listWords(values: readonly string[], limit = 3): string {
  const shown = values.slice(0, limit).map((value) => sanitize(value));
  const rest = values.length - shown.length;
  return shown.join(", ") + (rest > 0 ? ` (+${rest} more)` : "");
}

/** `from.source.principals wanted a, b; the request had c` */
export function missedWords(missed: MissedClause): string {
  const field = sanitize(missed.field);
  const actual = missed.actual === null ? "nothing" : missed.actual === "" ? "an empty value" : sanitize(missed.actual);
  if (missed.negated) return `${field} excludes ${listWords(missed.wanted)}; the request had ${actual}`;
  return `${field} wanted ${listWords(missed.wanted)}; the request had ${actual}`;
}

/** `to.operation.methods GET` */
export function heldWords({ field, negated, wanted, actual }: TriedClause): string {
  const had = actual === null ? "nothing" : sanitize(actual);
  return negated ? `${sanitize(field)} excludes ${listWords(wanted)}; it was ${had}` : `${sanitize(field)} ${had}`;
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
