import type { Decision, RequestFacts } from "../model/decision.ts";
import type { InboundSection } from "../model/snapshot.ts";
import type { PolicySet } from "../model/policy.ts";
import { enforcedRules, type PlacedRule } from "./rule.ts";
import { indexRules } from "./rule-index.ts";
import { bindTokens, withoutHeaders } from "./token.ts";

/** Decisions of an HTTP chain: a request that carries a token is refused before any policy, as tokens can't be verified yet. */
export function bindHttpPolicies(
  section: Pick<InboundSection, "http" | "tokens" | "claimHeaders">,
): (facts: RequestFacts) => Decision {
  const decide = bindPolicies(section.http);
  const { tokens, claimHeaders } = section;
  if (tokens.length === 0) return decide;
  const find = bindTokens(tokens);
  return (facts) => {
    const token = find(facts);
    if (token === undefined) return decide(withoutHeaders(facts, claimHeaders));
    return { verdict: "deny", reason: "jwt-not-supported", by: undefined, token };
  };
}

/**
 * Binds a policy set once; the closure decides one request (spec AP-5): refuse by DENY, else ask ALLOW, else admit. Decisions are made
 * here, not per request: equal outcomes are one object.
 */
export function bindPolicies(set: PolicySet): (facts: RequestFacts) => Decision {
  const { denying, allowing, defaultDeny } = enforcedRules(set);
  if (denying.length === 0 && !defaultDeny) return () => noPolicy;
  const firstDenying = indexRules(denying.map(({ source }) => source));
  const firstAllowing = indexRules(allowing.map(({ source }) => source));
  const refusals = denying.map((placed) => matchedBy("deny", placed));
  const admissions = allowing.map((placed) => matchedBy("allow", placed));
  const otherwise = defaultDeny ? noAllowMatched : noPolicy;
  return (facts) => refusals[firstDenying(facts)] ?? admissions[firstAllowing(facts)] ?? otherwise;
}

const noPolicy: Decision = { verdict: "allow", reason: "no-policy", by: undefined };
const noAllowMatched: Decision = { verdict: "deny", reason: "no-allow-matched", by: undefined };

function matchedBy(verdict: Decision["verdict"], { policy, rule }: PlacedRule): Decision {
  return { verdict, reason: "matched", by: { policy, rule } };
}
