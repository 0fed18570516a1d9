import type { DecisionRecord } from "../../runtime/model/decision.ts";
import type { ExtAuthzCall } from "../../runtime/model/ext-authz.ts";

/** What policies that never decide said of a request, in the words of Envoy's dynamic metadata. */
export type Shadows = Readonly<Record<string, string>>;

const compared =
  /^istio_(?:dry_run_(?:allow|deny)_shadow_(?:engine_result|effective_policy_id)|ext_authz_shadow_effective_policy_id)$/;

export function recordedShadows(log: Readonly<Record<string, unknown>>): Shadows {
  const both = [log["rbac"], log["rbacNetwork"]].flatMap((each) =>
    typeof each === "object" && each !== null ? Object.entries(each) : [],
  );
  return Object.fromEntries(sorted(both.filter(([key]) => compared.test(key))));
}

export function ownShadows(decision: DecisionRecord, calls: readonly ExtAuthzCall[] | undefined): Shadows {
  const told: (readonly [string, string])[] = [];
  for (const { kind, result, by } of decision.shadow ?? []) {
    if (kind === "audit") continue;
    const prefix = `istio_${kind.replaceAll("-", "_")}_shadow`;
    told.push([`${prefix}_engine_result`, result]);
    if (by !== null) told.push([`${prefix}_effective_policy_id`, by.id]);
  }
  const last = calls?.at(-1);
  if (last !== undefined) told.push(["istio_ext_authz_shadow_effective_policy_id", last.rule]);
  return Object.fromEntries(sorted(told));
}

function sorted<T>(entries: readonly (readonly [string, T])[]): readonly (readonly [string, T])[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}
