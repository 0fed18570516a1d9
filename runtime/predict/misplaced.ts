import { bindAlone } from "../compile/authorization.ts";
import type { RequestFacts } from "../model/decision.ts";
import type { AuthorizationPolicy } from "../model/istio-security.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import { provenance, resourceName } from "../model/resource.ts";
import { bindRule } from "../policy/rule.ts";
import { isSelected } from "../policy/selector.ts";

/** An ALLOW policy that would let a request in, if only it applied to the workload. */
export interface MisplacedPolicy {
  readonly resource: string;
  /** Why it does not apply. */
  readonly why: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const most = 3;

/**
 * Policies that seem to be meant for the workload: written for its labels in another namespace, or in its own for labels that it has with
 * other values. Those that apply to all of another namespace are not: they were hardly meant.
 */
export function misplacedPolicies(mesh: Mesh, workload: Workload, facts: RequestFacts): readonly MisplacedPolicy[] {
  const compile = bindAlone(mesh, facts.layer);
  return mesh.policies.authorizationPolicies
    .flatMap((policy): readonly MisplacedPolicy[] => {
      const reason = reasonOf(mesh, policy, workload);
      if (reason === undefined) return [];
      const rules = compile(policy).rules.filter(({ dropped }) => dropped === undefined);
      if (!rules.some((rule) => bindRule(rule)(facts))) return [];
      const { file, line, column } = provenance(policy, reason.field);
      return [{ resource: resourceName(policy), why: reason.why, file, line, column }];
    })
    .slice(0, most);
}

function reasonOf(
  mesh: Mesh,
  { namespace, spec }: AuthorizationPolicy,
  workload: Workload,
): { readonly why: string; readonly field: string } | undefined {
  const isForSidecars = spec.targetRef === undefined && (spec.targetRefs ?? []).length === 0;
  const labels = Object.entries(spec.selector?.matchLabels ?? {});
  if (!isForSidecars || (spec.action ?? "ALLOW") !== "ALLOW" || labels.length === 0) return undefined;
  const selects = isSelected(spec.selector?.matchLabels, workload.labels);
  if (namespace !== workload.namespace && namespace !== mesh.config.rootNamespace)
    return selects
      ? {
          why: `it applies in its own namespace ${namespace} only, and ${workload.name} is in ${workload.namespace}`,
          field: "metadata.namespace",
        }
      : undefined;
  const other = labels.find(([name, value]) => workload.labels[name] !== undefined && workload.labels[name] !== value);
  if (selects || other === undefined) return undefined;
  const [name, value] = other;
  return {
    why: `its selector wants ${name}: ${value}, and ${workload.name} has ${name}: ${workload.labels[name]}`,
    field: "spec.selector",
  };
}
