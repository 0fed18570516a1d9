import type { Clock } from "../core/clock.ts";
import type { Decision, RequestFacts } from "../model/decision.ts";
import type { InboundSection } from "../model/snapshot.ts";
import type { CompiledRule, PolicySet } from "../model/policy.ts";
import { bindCustomNotes } from "./custom.ts";
import { bindFilterNotes, type FactsOfFilter } from "./filter-notes.ts";
import { bindAuthentication, reservedHeaders } from "./jwt/authenticate.ts";
import { changedFacts, withoutHeaders } from "./jwt/request-view.ts";
import { enforcedRules, type PlacedRule } from "./rule.ts";
import { indexRules } from "./rule-index.ts";

/** Decisions of an HTTP chain: tokens are verified before any policy is asked (spec RA-28); `clock` judges them. */
export function bindHttpPolicies(
  { http, jwt }: Pick<InboundSection, "http" | "jwt">,
  clock: Pick<Clock, "now">,
): (facts: RequestFacts) => Decision {
  if (jwt.length === 0) return bindPolicies(http);
  const decide = bindRules(http);
  const enter = bindCustomNotes(http) ?? same;
  const authenticate = bindAuthentication(jwt, clock);
  const reserved = reservedHeaders(jwt);
  return (given) => {
    const facts = enter(given);
    const token = authenticate(facts);
    if (token === undefined) return decide(withoutHeaders(facts, reserved));
    if (token.fault !== undefined) return { verdict: "deny", reason: "jwt", by: undefined, token };
    return { ...decide(changedFacts(facts, token.changes, token.claims)), token };
  };
}

/** A request as the policies saw it that decided. */
export function decidedFacts(
  given: RequestFacts,
  { http, jwt }: Pick<InboundSection, "http" | "jwt">,
  { token }: Decision,
): RequestFacts {
  const facts = bindCustomNotes(http)?.(given) ?? given;
  if (token !== undefined) return changedFacts(facts, token.changes, token.claims);
  return jwt.length === 0 ? facts : withoutHeaders(facts, reservedHeaders(jwt));
}

/**
 * Binds a policy set once; the closure decides one request (spec AP-5): refuse by DENY, else ask ALLOW, else admit. Decisions are made
 * here, not per request: equal outcomes are one object.
 */
export function bindPolicies(set: PolicySet): (facts: RequestFacts) => Decision {
  const decide = bindRules(set);
  const enter = bindCustomNotes(set);
  return enter === undefined ? decide : (facts) => decide(enter(facts));
}

function bindRules(set: PolicySet): (facts: RequestFacts) => Decision {
  return bindPoliciesBy(set, indexRules, bindFilterNotes(set));
}

/** The same over anything that tells which of some rules comes first, -1 when none does. `noted`: how it is told what filters noted. */
export function bindPoliciesBy<Facts>(
  set: PolicySet,
  index: (rules: readonly CompiledRule[]) => (facts: Facts) => number,
  noted?: (facts: Facts) => FactsOfFilter<Facts>,
): (facts: Facts) => Decision {
  const { denying, allowing, defaultDeny } = enforcedRules(set);
  if (denying.length === 0 && !defaultDeny) return () => noPolicy;
  const firstDenying = index(denying.map(({ source }) => source));
  const firstAllowing = index(allowing.map(({ source }) => source));
  const refusals = denying.map((placed) => matchedBy("deny", placed));
  const admissions = allowing.map((placed) => matchedBy("allow", placed));
  const otherwise = defaultDeny ? noAllowMatched : noPolicy;
  if (noted === undefined)
    return (facts) => refusals[firstDenying(facts)] ?? admissions[firstAllowing(facts)] ?? otherwise;
  return (facts) => {
    const seen = noted(facts);
    return refusals[firstDenying(seen(denyFilter))] ?? admissions[firstAllowing(seen(allowFilter))] ?? otherwise;
  };
}

const denyFilter = { action: "DENY", dryRun: false } as const;
const allowFilter = { action: "ALLOW", dryRun: false } as const;

function same(facts: RequestFacts): RequestFacts {
  return facts;
}

const noPolicy: Decision = { verdict: "allow", reason: "no-policy", by: undefined };
const noAllowMatched: Decision = { verdict: "deny", reason: "no-allow-matched", by: undefined };

function matchedBy(verdict: Decision["verdict"], { policy, rule }: PlacedRule): Decision {
  return { verdict, reason: "matched", by: { policy, rule } };
}
