import { formatPosition } from "../core/source.ts";
import type { Blame, BlamedClause, DecisionRecord, MissedClause, PortRecord } from "../model/decision.ts";

/** What else is known of a request. */
export interface SeenBy {
  /** Path as it was sent; null or absent: policies saw it so. */
  readonly originalPath?: string | null;
}

interface Seen extends SeenBy {
  readonly decision: DecisionRecord;
}

/** `to.operation.methods wants GET, the request has POST`. `held`: it is told of a rule that matched and should not have. */
export function clauseWords(clause: BlamedClause, held: boolean, seen: Seen): string {
  if (clause.unusable === true) return `${clause.field} ${clause.hint ?? "cannot be used"}, so this rule never matches`;
  const { field, negated, wanted, hint } = clause;
  const isException = negated === held;
  const asks = negated ? (held ? "excepts" : "excludes") : held ? "is" : "wants";
  const sent =
    /paths|:path/i.test(field) && typeof seen.originalPath === "string" ? ` (sent as ${seen.originalPath})` : "";
  const link = isException && held ? ", but " : held ? " and " : ", ";
  return `${field} ${asks} ${listed(wanted)}${link}${actualWords(clause, seen.decision)}${sent}${hint === undefined ? "" : `; ${hint}`}`;
}

/** What to do about one clause. */
export function changeWords({ field, negated, wanted, actual, unusable }: BlamedClause, must: Blame["must"]): string {
  if (unusable === true) return `${field} has to go, or the port has to carry HTTP`;
  const takes = (must === "match") !== negated;
  if (actual === null && takes)
    return `${field} has to go, or the request needs ${asksForCaller(field) ? "mTLS" : "it"}`;
  return `${field} ${listed(wanted)} has to ${takes ? "take" : "leave out"} ${actual === "" ? "an empty value" : (actual ?? "nothing")}`;
}

const callerFields =
  /(?:principals|namespaces|serviceAccounts|trustDomains|source\.(?:principal|namespace|serviceAccount|trustDomain))$/i;

/** Whether a field asks who the caller's certificate names. */
function asksForCaller(field: string): boolean {
  return callerFields.test(field) && !/request(?:Principals|\.auth)/i.test(field);
}

function actualWords({ field, actual }: MissedClause, { token }: DecisionRecord): string {
  if (asksForCaller(field)) return actual === null ? "the caller has no identity" : `the caller is ${actual}`;
  if (actual === "") return "the request has an empty value";
  if (actual !== null) return `the request has ${actual}`;
  if (!/requestPrincipals|request\.auth/i.test(field)) return "the request has none";
  return token?.verified === true ? "the token has no such claim" : "no token was verified";
}

/** Why the caller has no identity, when that is why a clause failed; undefined: it has one, or nobody asked. */
export function plaintextWords(clauses: readonly MissedClause[], { port, note }: DecisionRecord): string | undefined {
  const isPlain = note?.includes("plaintext") === true;
  if (!isPlain || !clauses.some(({ field, actual }) => actual === null && asksForCaller(field))) return undefined;
  return `the caller has no principal because the connection was plaintext${port === undefined ? "" : `, which ${modeWords(port)}`}`;
}

/** `PERMISSIVE at peer.yaml:8:11 lets in` */
function modeWords({ mode, because }: PortRecord): string {
  const [first] = because;
  const said = first === undefined ? `${mode}, Istio's default,` : `${mode} at ${formatPosition(first)}`;
  return mode === "DISABLE" ? `${said} asks for` : `${said} lets in`;
}

function listed(values: readonly string[], limit = 3): string {
  const rest = values.length - limit;
  return values.slice(0, limit).join(", ") + (rest > 0 ? ` (+${rest} more)` : "");
}
