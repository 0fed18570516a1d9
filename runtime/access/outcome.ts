import type { Decision } from "../model/decision.ts";
import type { CompiledRule } from "../model/policy.ts";
import { notingFilters } from "../model/filter-notes.ts";
import type { Provenance } from "../model/resource.ts";
import { bindCustomBy, customStart } from "../policy/custom.ts";
import { bindPoliciesBy } from "../policy/decide.ts";
import { readsNotesOf } from "../policy/rbac-notes.ts";
import { matchedRules, type OpenSide } from "./formula.ts";
import type { GuardedPort, Layer } from "./sample.ts";

/** What happens to every request of a class, by one version of the policies. */
export interface ClassOutcome {
  /** `depends`: on external authorizers; that they agree is enough. */
  readonly verdict: "allow" | "deny" | "depends";
  /** `tls`: the port takes no plaintext. `token`: the token is refused. Else as a Decision tells it. */
  readonly reason: "tls" | "token" | "matched" | "no-allow-matched" | "no-policy";
  /** The deciding rule. */
  readonly by: OutcomeRule | undefined;
  /** Providers that are asked. */
  readonly asks: readonly string[];
  /** Fields behind a mode or a rule. */
  readonly because: readonly Provenance[];
}

export interface OutcomeRule {
  /** `AuthorizationPolicy shop/orders` */
  readonly resource: string;
  readonly action: string;
  /** Index in the document. */
  readonly rule: number;
  /** `ns[shop]-policy[orders]-rule[0]` */
  readonly id: string;
  readonly at: Provenance;
}

/** Decides by the rules that match, with the functions that decide requests. */
export function bindOutcome(port: GuardedPort, layer: Layer): (side: OpenSide) => ClassOutcome {
  const set = port.inbound[layer];
  const first = (rules: readonly CompiledRule[]) => (matched: ReadonlySet<CompiledRule>) =>
    rules.findIndex((rule) => matched.has(rule));
  const decide = bindPoliciesBy(set, first);
  const readsAnswers = readsNotesOf(set, notingFilters[layer].extAuthz);
  const custom = bindCustomBy(set, first);
  const ruleOf = (by: Decision["by"]): OutcomeRule | undefined => {
    const policy = by === undefined ? undefined : set.policies[by.policy];
    const rule = by === undefined ? undefined : policy?.rules[by.rule];
    if (policy === undefined || rule === undefined) return undefined;
    return {
      resource: policy.from.resource,
      action: policy.action,
      rule: rule.index,
      id: `${policy.id}-rule[${rule.index}]`,
      at: rule.provenance,
    };
  };
  const outcome = (
    verdict: ClassOutcome["verdict"],
    reason: ClassOutcome["reason"],
    by?: Decision["by"],
    asks: readonly string[] = [],
  ): ClassOutcome => {
    const rule = ruleOf(by);
    return { verdict, reason, by: rule, asks, because: rule === undefined ? [] : [rule.at] };
  };
  return (side) => {
    if (side.closed === true) return { ...outcome("deny", "tls"), because: port.listener.because };
    const matched = matchedRules(side);
    const asks: string[] = [];
    let asking: Decision["by"];
    let cursor = customStart;
    for (;;) {
      const step = custom?.(matched, cursor);
      if (step === undefined) break;
      if (step.kind === "refuse") return outcome("deny", "matched", step.decision.by, asks);
      asks.push(step.provider.name);
      asking = step.by;
      cursor = step.next;
    }
    if (side.refused === true) {
      return { ...outcome("deny", "token", undefined, asks), because: port.inbound.jwt.map((rule) => rule.provenance) };
    }
    // What a provider notes of a request is not known here.
    if (readsAnswers && asks.length > 0) return outcome("depends", "matched", asking, asks);
    const decision = decide(matched);
    const reason =
      decision.reason === "no-policy" || decision.reason === "no-allow-matched" ? decision.reason : "matched";
    if (decision.verdict === "deny" || asks.length === 0) return outcome(decision.verdict, reason, decision.by, asks);
    return outcome("depends", "matched", asking, asks);
  };
}
