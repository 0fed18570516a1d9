import { parseSpiffeId } from "../model/identity.ts";
import type { RequestFacts } from "../model/decision.ts";
import type { Clause } from "../model/policy.ts";
import { assertNever } from "../core/assert-never.ts";
import { claimTexts, headerLines, pathOf, peerNames, remoteAddress } from "../policy/clause.ts";

/** Values that make a clause hold for a request and for as little else as the field can say, first the best; none: it has nothing. */
export function valuesFor(clause: Pick<Clause, "field" | "attribute">, facts: RequestFacts): readonly string[] {
  return rawValues(clause, facts).filter((value) => value !== "" && !isPattern(value));
}

/** A star at an end, and braces, mean more than themselves. */
function isPattern(value: string): boolean {
  return value.startsWith("*") || value.endsWith("*") || /[{}]/.test(value);
}

function rawValues({ field, attribute }: Pick<Clause, "field" | "attribute">, facts: RequestFacts): readonly string[] {
  switch (attribute.kind) {
    case "peer":
      return facts.peer === undefined ? [] : peerNames(facts.peer).flatMap((name) => peerValue(field, name) ?? []);
    case "source-ip":
      return [facts.sourceIp];
    case "remote-ip":
      return [remoteAddress(facts)];
    case "destination-ip":
      return [facts.destinationIp];
    case "destination-port":
      return [String(facts.destinationPort)];
    case "sni":
      return facts.sni === undefined ? [] : [facts.sni];
    case "host":
      return [facts.authority()];
    case "method":
      return [facts.method()];
    case "path":
      return [pathOf(facts.path())];
    case "header":
      return headerLines(facts, attribute.name);
    case "claim":
      return facts.claims === undefined ? [] : claimTexts(facts.claims, attribute.path);
    case "request-principal": {
      const { iss, sub } = facts.claims ?? {};
      // The last slash parts the two (spec AP-28): a subject with one cannot be said.
      return typeof iss === "string" && typeof sub === "string" && !sub.includes("/") ? [`${iss}/${sub}`] : [];
    }
    case "metadata":
      return [];
    default:
      return assertNever(attribute);
  }
}

const scheme = "spiffe://";

function peerValue(field: string, name: string): string | undefined {
  const kind = field.toLowerCase();
  const identity = parseSpiffeId(name);
  if (kind.includes("principal")) return name.startsWith(scheme) ? name.slice(scheme.length) : undefined;
  if (identity === undefined) return undefined;
  if (kind.includes("namespace")) return identity.namespace;
  if (kind.includes("serviceaccount")) return `${identity.namespace}/${identity.serviceAccount}`;
  return identity.trustDomain;
}
