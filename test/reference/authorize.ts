import { hasSelector, kindOf, listOf, nameOf, namespaceOf, part, selects, textOf } from "./document.ts";
import { matchesRule } from "./rule.ts";
import type {
  ReferenceConnection,
  ReferenceMesh,
  ReferenceRequest,
  ReferenceVerdict,
  ReferenceWorkload,
} from "./situation.ts";

export interface Asked {
  readonly mesh: ReferenceMesh;
  /** Whose sidecar decides. */
  readonly workload: ReferenceWorkload;
  readonly connection: ReferenceConnection;
  /** Undefined: the connection is on a TCP chain. */
  readonly request: ReferenceRequest | undefined;
}

/** The decision of spec 5.2 by trying every rule of every policy that applies. CUSTOM comes before it (custom.ts). */
export function authorize(asked: Asked): ReferenceVerdict {
  const denying = matchingIds(asked, "DENY");
  if (denying[0] !== undefined) return { verdict: "deny", by: denying[0] };
  const allowing = matchingIds(asked, "ALLOW");
  if (allowing[0] !== undefined) return { verdict: "allow", by: allowing[0] };
  const isOpen = !policiesFor(asked).some((policy) => actionOf(policy) === "ALLOW" && !isDryRun(policy));
  return { verdict: isOpen ? "allow" : "deny", by: undefined };
}

/** Ids of the enforced rules of an action that match, in the order in which one of them is named (spec AP-16, AP-17). */
export function matchingIds(asked: Asked, action: string, dryRun = false): readonly string[] {
  const ids = policiesFor(asked)
    .filter((policy) => actionOf(policy) === action && isDryRun(policy) === dryRun)
    .flatMap((policy) =>
      listOf(part(policy, "spec", "rules")).flatMap((rule, index) => {
        if (rule === null) return [];
        const { connection, request, mesh } = asked;
        const context = {
          namespace: namespaceOf(policy),
          action,
          trustDomains: mesh.trustDomains,
          connection,
          request,
        };
        return matchesRule(rule, context)
          ? [`ns[${namespaceOf(policy)}]-policy[${nameOf(policy)}]-rule[${index}]`]
          : [];
      }),
    );
  return ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** spec AP-1, AP-2 */
export function policiesFor({ mesh, workload }: Asked): readonly unknown[] {
  return mesh.documents.filter((document) => {
    if (kindOf(document) !== "AuthorizationPolicy") return false;
    if (part(document, "spec", "targetRef") !== undefined || listOf(part(document, "spec", "targetRefs")).length > 0)
      return false;
    const namespace = namespaceOf(document);
    if (namespace !== mesh.rootNamespace && namespace !== workload.namespace) return false;
    return !hasSelector(document) || selects(document, workload.labels);
  });
}

function actionOf(policy: unknown): string {
  return textOf(part(policy, "spec", "action"), "ALLOW");
}

/** spec AP-12: the forms of Go's ParseBool, on ALLOW and DENY. */
function isDryRun(policy: unknown): boolean {
  const said = part(policy, "metadata", "annotations", "istio.io/dry-run");
  return ["ALLOW", "DENY"].includes(actionOf(policy)) && /^(?:1|t|T|true|TRUE|True)$/.test(textOf(said));
}
