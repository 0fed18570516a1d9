import { assertNever } from "../core/assert-never.ts";
import type { MissedClause, RequestFacts, TriedClause } from "../model/decision.ts";
import { parseSpiffeId } from "../model/identity.ts";
import type { Clause } from "../model/policy.ts";
import { claimTexts, headerLines, pathOf, peerNames, remoteAddress } from "./clause.ts";
import { hintOn } from "./near-miss.ts";
import type { TriedPart } from "./tried-parts.ts";

/** Every clause of the parts, in the order of the rule. */
export function tellParts(parts: readonly TriedPart[], facts: RequestFacts): readonly TriedClause[] {
  return parts.flatMap(({ clauses }) =>
    clauses.map(({ clause, held }) => ({ ...(held ? tellClause(clause, facts) : tellMissed(clause, facts)), held })),
  );
}

/** A clause that failed, with how it nearly held. */
export function tellMissed(clause: Clause, facts: RequestFacts): MissedClause {
  const hint = hintOn(clause, facts);
  return { ...tellClause(clause, facts), ...(hint === undefined ? {} : { hint }) };
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
    case "metadata": {
      const value = facts.notes?.get(attribute.filter)?.get(attribute.key) ?? null;
      return value === null || typeof value === "string" ? value : `[${value.join(", ")}]`;
    }
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
