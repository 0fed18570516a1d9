import type { AuthorizationPolicySpec, TargetReference } from "../model/istio-security.ts";
import type { Refuse } from "./refuse.ts";

const allowedTargets: readonly string[] = [
  "/Service",
  "core/Service",
  "networking.istio.io/ServiceEntry",
  "gateway.networking.k8s.io/Gateway",
  "gateway.networking.k8s.io/GatewayClass",
];

/** Spec VA-0a, VA-0c. */
export function validateTargets(
  spec: Pick<AuthorizationPolicySpec, "selector" | "targetRef" | "targetRefs">,
  refuse: Refuse,
): void {
  const targets: readonly (readonly [string, TargetReference])[] = [
    ...(spec.targetRef === undefined ? [] : [["spec.targetRef", spec.targetRef] as const]),
    ...(spec.targetRefs ?? []).map((target, index) => [`spec.targetRefs[${index}]`, target] as const),
  ];
  const ways =
    (spec.selector === undefined ? 0 : 1) +
    (spec.targetRef === undefined ? 0 : 1) +
    ((spec.targetRefs ?? []).length > 0 ? 1 : 0);
  if (ways > 1) refuse(targets[0]?.[0] ?? "spec", "only one of selector, targetRef and targetRefs may be set");
  for (const [field, target] of targets) {
    if (target.namespace !== undefined && target.namespace !== "")
      refuse(`${field}.namespace`, "a targetRef cannot name another namespace", "remove namespace");
    const named = `${target.group ?? ""}/${target.kind}`;
    if (!allowedTargets.includes(named))
      refuse(`${field}.kind`, `targetRef cannot be a ${named}`, "use a Service, ServiceEntry, Gateway or GatewayClass");
  }
}
