import type { Clock } from "../core/clock.ts";
import type { Decision, RequestFacts } from "../model/decision.ts";
import type { InboundSection } from "../model/snapshot.ts";
import type { CompiledRule, PolicySet } from "../model/policy.ts";
import { bindAuthentication, reservedHeaders } from "./jwt/authenticate.ts";
import { changedFacts, withoutHeaders } from "./jwt/request-view.ts";
import { enforcedRules, type PlacedRule } from "./rule.ts";
import { indexRules } from "./rule-index.ts";

/** Decisions of an HTTP chain: tokens are verified before any policy is asked (spec RA-28); `clock` judges them. */
export function bindHttpPolicies(
  { http, jwt }: Pick<InboundSection, "http" | "jwt">,
  clock: Pick<Clock, "now">,
): (facts: RequestFacts) => Decision {
  const decide = bindPolicies(http);
  if (jwt.length === 0) return decide;
  const authenticate = bindAuthentication(jwt, clock);
  const reserved = reservedHeaders(jwt);
  return (facts) => {
    const token = authenticate(facts);
    if (token === undefined) return decide(withoutHeaders(facts, reserved));
    if (token.fault !== undefined) return { verdict: "deny", reason: "jwt", by: undefined, token };
    return { ...decide(changedFacts(facts, token.changes, token.claims)), token };
  };
}

/** A request as the policies saw it that decided. */
export function decidedFacts(
  facts: RequestFacts,
  { jwt }: Pick<InboundSection, "jwt">,
  { token }: Decision,
): RequestFacts {
  if (token !== undefined) return changedFacts(facts, token.changes, token.claims);
  return jwt.length === 0 ? facts : withoutHeaders(facts, reservedHeaders(jwt));
}

/**
 * Binds a policy set once; the closure decides one request (spec AP-5): refuse by DENY, else ask ALLOW, else admit. Decisions are made
 * here, not per request: equal outcomes are one object.
 */
export function bindPolicies(set: PolicySet): (facts: RequestFacts) => Decision {
  return bindPoliciesBy(set, indexRules);
}

/** The same over anything that tells which of some rules comes first, -1 when none does. */
export function bindPoliciesBy<Facts>(
  set: PolicySet,
  index: (rules: readonly CompiledRule[]) => (facts: Facts) => number,
): (facts: Facts) => Decision {
  const { denying, allowing, defaultDeny } = enforcedRules(set);
  if (denying.length === 0 && !defaultDeny) return () => noPolicy;
  const firstDenying = index(denying.map(({ source }) => source));
  const firstAllowing = index(allowing.map(({ source }) => source));
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
