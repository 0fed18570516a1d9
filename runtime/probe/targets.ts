import type { Clause, ClauseGroup, CompiledPolicy, PolicySet } from "../model/policy.ts";

/** What may be denied: a method and a path, and the rule that made us ask. */
export interface Target {
  readonly method: string;
  readonly path: string;
  /** `ns[default]-policy[deny-admin]-rule[0]`; null: it was named by hand. */
  readonly rule: string | null;
}

const mostTargets = 12;
/** Stands for what a pattern leaves open. */
const filler = "probe";

/** What the rules of policies speak of, at most twelve: paths that DENY rules name first, then those that ALLOW rules keep for others. */
export function deriveTargets(set: PolicySet): readonly Target[] {
  const found = new Map<string, Target>();
  const enforced = set.policies.filter((policy) => !policy.dryRun && policy.action !== "AUDIT");
  const ordered = enforced.toSorted((a, b) => rank(a) - rank(b));
  for (const policy of ordered) {
    for (const rule of policy.rules) {
      const groups: readonly Pick<ClauseGroup, "clauses">[] = rule.to.length === 0 ? [{ clauses: [] }] : rule.to;
      for (const { clauses } of groups) {
        for (const path of valuesOf(clauses, "path").map(samplePath)) {
          for (const method of methodsOf(clauses, policy)) {
            const key = `${method} ${path}`;
            if (found.size < mostTargets && !found.has(key))
              found.set(key, { method, path, rule: `${policy.id}-rule[${rule.index}]` });
          }
        }
      }
    }
  }
  return [...found.values()];
}

function rank({ action }: CompiledPolicy): number {
  return action === "DENY" ? 0 : action === "CUSTOM" ? 1 : 2;
}

function valuesOf(clauses: readonly Clause[], kind: "path" | "method"): readonly string[] {
  const values = clauses.flatMap((clause) => (clause.attribute.kind === kind && !clause.negated ? clause.values : []));
  return values.length === 0 ? ["*"] : values;
}

/** The methods of a group; of an ALLOW rule also one that it does not allow. */
function methodsOf(clauses: readonly Clause[], { action }: CompiledPolicy): readonly string[] {
  const values = valuesOf(clauses, "method");
  const named = values.filter((value) => !value.includes("*"));
  if (named.length === 0) return ["GET"];
  const other = action === "ALLOW" ? ["GET", "POST", "DELETE"].find((method) => !named.includes(method)) : undefined;
  return other === undefined ? named : [...named, other];
}

/** A path that a pattern covers: `/admin*` `/admin/*` `*` + `/admin` `{*}`. */
function samplePath(value: string): string {
  if (value === "*") return "/";
  const open = value.replaceAll(/\{\*{1,2}\}/g, filler);
  if (open.startsWith("*")) return `/${filler}${open.slice(1)}`;
  if (open.endsWith("/*")) return `${open.slice(0, -1)}${filler}`;
  return open.endsWith("*") ? open.slice(0, -1) : open;
}

/** An identity that a rule trusts, as written; undefined: none names one in full. */
export function trustedIdentity(set: PolicySet): string | undefined {
  for (const policy of set.policies.filter(({ action }) => action === "ALLOW")) {
    for (const rule of policy.rules) {
      for (const clause of rule.from.flatMap(({ clauses }) => clauses)) {
        const value = clause.negated
          ? undefined
          : clause.values.find((each) => /^[^*]+\/ns\/[^*]+\/sa\/[^*]+$/.test(each));
        if (clause.attribute.kind === "peer" && value !== undefined) return value;
      }
    }
  }
  return undefined;
}
