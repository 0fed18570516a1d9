import { assertNever } from "../core/assert-never.ts";
import type { MissedClause, RequestFacts, TriedClause } from "../model/decision.ts";
import { parseSpiffeId } from "../model/identity.ts";
import type { Clause, ClauseGroup, CompiledRule } from "../model/policy.ts";
import { bindClause, claimTexts, headerLines, pathOf, peerNames, remoteAddress } from "./clause.ts";

/** A part of a rule (from, to, each when) as it met a request: of several groups the one that came nearest. */
export interface TriedPart {
  readonly clauses: readonly { readonly clause: Clause; readonly held: boolean }[];
  /** The first that failed; undefined: the part held. */
  readonly missed: Clause | undefined;
  /** Share of the clauses that held. */
  readonly share: number;
}

export function tryParts(rule: CompiledRule, facts: RequestFacts): readonly TriedPart[] {
  return [
    ...(rule.from.length > 0 ? [nearestGroup(rule.from, facts)] : []),
    ...(rule.to.length > 0 ? [nearestGroup(rule.to, facts)] : []),
    ...rule.when.map((clause) => tryClauses([clause], facts)),
  ];
}

function nearestGroup(groups: readonly ClauseGroup[], facts: RequestFacts): TriedPart {
  let nearest: TriedPart | undefined;
  for (const group of groups) {
    const part = tryClauses(group.clauses, facts);
    if (part.missed === undefined) return part;
    if (nearest === undefined || part.share > nearest.share) nearest = part;
  }
  return nearest ?? tryClauses([], facts);
}

function tryClauses(clauses: readonly Clause[], facts: RequestFacts): TriedPart {
  const tried = clauses.map((clause) => ({ clause, held: bindClause(clause)(facts) }));
  return {
    clauses: tried,
    missed: tried.find(({ held }) => !held)?.clause,
    share: tried.filter(({ held }) => held).length / Math.max(1, tried.length),
  };
}

/** Every clause of the parts, in the order of the rule. */
export function tellParts(parts: readonly TriedPart[], facts: RequestFacts): readonly TriedClause[] {
  return parts.flatMap(({ clauses }) => clauses.map(({ clause, held }) => ({ ...tellClause(clause, facts), held })));
}

export function tellClause(clause: Clause, facts: RequestFacts): MissedClause {
  const { file, line, column } = clause.provenance;
  return {
    field: clause.field,
    negated: clause.negated,
    wanted: clause.values,
    actual: actualOf(clause, facts),
    file,
    line,
    column,
  };
}

/** What the request had for this clause, written as the user would write a value; null: nothing. */
function actualOf(clause: Clause, facts: RequestFacts): string | null {
  const { attribute } = clause;
  switch (attribute.kind) {
    case "peer":
      return facts.peer === undefined ? null : peerAs(clause.field, peerNames(facts.peer));
    case "source-ip":
      return facts.sourceIp;
    case "remote-ip":
      return remoteAddress(facts);
    case "destination-ip":
      return facts.destinationIp;
    case "destination-port":
      return String(facts.destinationPort);
    case "sni":
      return facts.sni ?? null;
    case "host":
      return facts.authority();
    case "method":
      return facts.method();
    case "path":
      return pathOf(facts.path());
    case "header": {
      const lines = headerLines(facts, attribute.name);
      return lines.length === 0 ? null : lines.join(", ");
    }
    case "claim": {
      const texts = facts.claims === undefined ? [] : claimTexts(facts.claims, attribute.path);
      return texts.length === 0 ? null : texts.join(", ");
    }
    case "request-principal": {
      const { iss, sub } = facts.claims ?? {};
      return typeof iss === "string" && typeof sub === "string" ? `${iss}/${sub}` : null;
    }
    case "metadata":
      return null;
    default:
      return assertNever(attribute);
  }
}

function peerAs(field: string, names: readonly string[]): string {
  const [name = ""] = names;
  const identity = parseSpiffeId(name);
  if (identity === undefined) return names.join(", ");
  const kind = field.toLowerCase();
  if (kind.includes("namespace")) return identity.namespace;
  if (kind.includes("serviceaccount")) return `${identity.namespace}/${identity.serviceAccount}`;
  if (kind.includes("trustdomain")) return identity.trustDomain;
  return name.slice("spiffe://".length);
}
