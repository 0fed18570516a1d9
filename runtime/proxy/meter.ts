import type { Decision } from "../model/decision.ts";
import { latencyBucket } from "../model/latency.ts";
import type { PolicySet } from "../model/policy.ts";
import type { TrafficCounts } from "../model/state.ts";
import type { ExchangeTold } from "./record.ts";

type Plain = Exclude<keyof TrafficCounts, "errors" | "latency" | "rules">;

/** What is counted where it happens. */
export type MutableCounts = { -readonly [K in Plain]: TrafficCounts[K] };

/** Everything that one sidecar counts, whether somebody looks or not. */
export interface Meter {
  readonly counts: MutableCounts;
  readonly exchanged: (told: Pick<ExchangeTold, "side" | "status" | "totalMs" | "decision" | "section">) => void;
  readonly decided: (set: PolicySet, decision: Decision) => void;
  readonly read: () => TrafficCounts;
}

export function createMeter(): Meter {
  const counts: MutableCounts = {
    requests: 0,
    allowed: 0,
    denied: 0,
    failed: 0,
    handshakes: 0,
    handshakesFailed: 0,
  };
  const latency: number[] = [];
  const rules = new Map<string, { count: number }>();
  /** Equal outcomes of one policy set are one object, so that a request costs no text. */
  const known = new WeakMap<Decision, { count: number }>();
  let errors = 0;

  function hitsOf(set: PolicySet, decision: Decision): { count: number } | undefined {
    const id = ruleId(set, decision);
    if (id === undefined) return undefined;
    const hits = rules.get(id) ?? { count: 0 };
    rules.set(id, hits);
    known.set(decision, hits);
    return hits;
  }

  function decided(set: PolicySet, decision: Decision): void {
    const hits = known.get(decision) ?? hitsOf(set, decision);
    if (hits !== undefined) hits.count += 1;
  }

  return {
    counts,
    exchanged: ({ side, status, totalMs, decision, section }) => {
      if (side === "outbound") return;
      const bucket = latencyBucket(totalMs);
      while (latency.length <= bucket) latency.push(0);
      latency[bucket] = (latency[bucket] ?? 0) + 1;
      if (status >= 500 || status === 0) errors += 1;
      if (decision !== undefined && section !== undefined) decided(section.http, decision);
    },
    decided,
    read: () => ({
      ...counts,
      errors,
      latency: Object.fromEntries(latency.flatMap((count, bucket) => (count > 0 ? [[String(bucket), count]] : []))),
      rules: Object.fromEntries(Array.from(rules, ([id, { count }]) => [id, count])),
    }),
  };
}

/** As Envoy names the rule; `none`: the request was refused because no rule matched. */
function ruleId(set: PolicySet, { by, reason }: Decision): string | undefined {
  if (by === undefined) return reason === "no-allow-matched" ? "none" : undefined;
  const policy = set.policies[by.policy];
  const rule = policy?.rules[by.rule];
  return policy === undefined || rule === undefined ? undefined : `${policy.id}-rule[${rule.index}]`;
}
