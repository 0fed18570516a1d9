import { quote } from "../go-text.ts";
import type { Decoded } from "../shape.ts";
import type { policyTargetReference, typeWorkloadSelector } from "../shapes/selector.ts";
import type { Report } from "./report.ts";

type Target = Decoded<typeof policyTargetReference>;

/** `matchLabels` or `labels` of a selector (spec VA-0b). */
export function validateSelector(
  selector: Decoded<typeof typeWorkloadSelector> | undefined,
  field: string,
  report: Report,
): void {
  if (selector !== undefined) validateSelectorLabels(selector.matchLabels ?? {}, field, `${field}.matchLabels`, report);
}

function validateSelectorLabels(
  labels: Readonly<Record<string, string>>,
  selector: string,
  field: string,
  report: Report,
): void {
  for (const [key, value] of Object.entries(labels)) {
    const pair = quote(`${key}=${value}`);
    if (key === "") report.refuse(`${field}.${key}`, `empty key is not supported in selector: ${pair}`);
    if (key.includes("*") || value.includes("*"))
      report.refuse(`${field}.${key}`, `wildcard is not supported in selector: ${pair}`);
  }
  if (Object.keys(labels).length === 0) report.warn(selector, "workload selector specified without labels");
}

/** Kinds that a policy may be attached to, as Istio lists them. */
const allowedTargets = [
  ["core", "v1", "Service"],
  ["networking.istio.io", "v1", "ServiceEntry"],
  ["gateway.networking.k8s.io", "v1", "Gateway"],
  ["gateway.networking.k8s.io", "v1", "GatewayClass"],
] as const;

/** `selector`, `targetRef` and `targetRefs` of a policy (spec VA-0a…VA-0c). */
export function validateAttachment(
  spec: {
    readonly selector?: Decoded<typeof typeWorkloadSelector>;
    readonly targetRef?: Target;
    readonly targetRefs?: readonly Target[];
  },
  report: Report,
): void {
  const { selector, targetRef, targetRefs = [] } = spec;
  const set = [selector !== undefined, targetRef !== undefined, targetRefs.length > 0].filter(Boolean).length;
  if (set > 1)
    report.refuse(
      targetRef === undefined ? "spec.targetRefs" : "spec.targetRef",
      "only one of targetRefs or workloadSelector can be set",
      "keep one of them",
    );
  validateSelector(selector, "spec.selector", report);
  if (targetRef !== undefined) validateTarget(targetRef, "spec.targetRef", report);
  for (const [index, target] of targetRefs.entries()) validateTarget(target, `spec.targetRefs[${index}]`, report);
}

function validateTarget(target: Target, field: string, report: Report): void {
  const { group = "", kind = "", name = "", namespace = "" } = target;
  if (name === "") report.refuse(field, "targetRef name must be set");
  if (namespace !== "")
    report.refuse(
      `${field}.namespace`,
      "targetRef namespace must not be set; cross namespace referencing is not supported",
      "remove it",
    );
  const canonical = group === "" ? "core" : group;
  if (allowedTargets.some(([inGroup, , named]) => inGroup === canonical && named === kind)) return;
  const allowed = allowedTargets.map((parts) => parts.join("/")).join(" ");
  report.refuse(`${field}.kind`, `targetRef must be to one of [${allowed}] but was ${group}/${kind}`);
}

/** The same for the `workloadSelector` of a networking kind, whose warnings are worded by the kind; tells whether the selector is sound. */
export function isSoundWorkloadSelector(
  selector: { readonly labels?: Readonly<Record<string, string>> } | undefined,
  report: Report,
  warn: Report["warn"],
): boolean {
  if (selector === undefined) return true;
  let sound = true;
  const at = "spec.workloadSelector";
  validateSelectorLabels(selector.labels ?? {}, at, `${at}.labels`, {
    ...report,
    refuse: (field, message) => {
      sound = false;
      report.refuse(field, message);
    },
    warn,
  });
  return sound;
}
