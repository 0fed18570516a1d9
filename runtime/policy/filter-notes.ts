import type { RequestFacts } from "../model/decision.ts";
import type { FilterNotes } from "../model/filter-notes.ts";
import type { CompiledPolicy, PolicySet } from "../model/policy.ts";
import { bindCustomNotes } from "./custom.ts";
import { indexRules } from "./rule-index.ts";
import { placedRules } from "./rule.ts";
import { readsRbacNotes, withRbacNotes } from "./rbac-notes.ts";

/** Facts as the filter sees them that evaluates a policy. */
export type FactsOfFilter<Facts = RequestFacts> = (policy: Pick<CompiledPolicy, "action" | "dryRun">) => Facts;

/**
 * RBAC filters note what they found, and those behind them may ask for it: AUDIT, then DENY, then ALLOW, each with its dry-run rules
 * first. An HTTP filter's notes are there when it is done; on TCP the enforced rules see what the dry-run ones beside them found (as
 * Envoy 1.40 does). Undefined: no policy asks, which costs a request nothing.
 */
export function bindFilterNotes(set: PolicySet): ((facts: RequestFacts) => FactsOfFilter) | undefined {
  if (!readsRbacNotes(set)) return undefined;
  const filters = order.map((action) => ({
    action,
    shadow: bindEngine(set, action, true),
    enforced: set.layer === "http" ? bindEngine(set, action, false) : () => none,
  }));
  return (facts) => {
    const seen = new Map<string, RequestFacts>();
    let now = facts;
    for (const { action, shadow, enforced } of filters) {
      seen.set(`${action} true`, now);
      const shadowed = withRbacNotes(now, shadow(now));
      if (set.layer === "tcp") now = shadowed;
      seen.set(`${action} false`, now);
      now = withRbacNotes(shadowed, enforced(now));
    }
    return ({ action, dryRun }) => seen.get(`${action} ${dryRun}`) ?? facts;
  };
}

/** For explanations: a connection's facts come as they were before anything was noted, a request's with what CUSTOM filters did. */
export function factsOfFilters(set: PolicySet, facts: RequestFacts): FactsOfFilter {
  const entered = set.layer === "tcp" ? (bindCustomNotes(set)?.(facts) ?? facts) : facts;
  return bindFilterNotes(set)?.(entered) ?? (() => entered);
}

const order = ["AUDIT", "DENY", "ALLOW"] as const;
const none: FilterNotes = new Map();
const prefixes = { AUDIT: "", DENY: "istio_dry_run_deny_", ALLOW: "istio_dry_run_allow_" } as const;

/** What the rules of an action, dry-run or enforced, write about a request. */
function bindEngine(
  set: PolicySet,
  action: (typeof order)[number],
  dryRun: boolean,
): (facts: RequestFacts) => FilterNotes {
  const belongs = (policy: CompiledPolicy): boolean => policy.action === action && policy.dryRun === dryRun;
  if (!set.policies.some(belongs)) return () => none;
  const rules = placedRules(set, belongs);
  const first = indexRules(rules.map(({ source }) => source));
  const mode = dryRun ? `${prefixes[action]}shadow` : "enforced";
  return (facts) => {
    const found = rules[first(facts)];
    const allows = action === "AUDIT" || (action === "ALLOW") === (found !== undefined);
    const notes = new Map([[`${mode}_engine_result`, allows ? "allowed" : "denied"]]);
    if (found !== undefined)
      notes.set(`${mode}_effective_policy_id`, `${set.policies[found.policy]?.id ?? ""}-rule[${found.source.index}]`);
    return notes;
  };
}
