import { resourceName } from "../model/resource.ts";
import type { Refuse } from "./refuse.ts";
import type { Finding } from "./shape-check.ts";
import { isRecord } from "./yaml-tree.ts";
import { validateAuthorizationPolicy } from "./validate-authorization-policy.ts";
import { validateDestinationRule } from "./validate-destination-rule.ts";
import { validatePeerAuthentication } from "./validate-peer-authentication.ts";
import { validateRequestAuthentication } from "./validate-request-authentication.ts";
import { validateVirtualService } from "./validate-virtual-service.ts";

/** Name of the resource that is validated. */
export interface Subject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** What Istio's webhook would refuse (spec VA-*, traffic 10.2). `found`: shape findings; a spec that has any is judged only as far as it can be. */
export function validateResource(
  document: Readonly<Record<string, unknown>>,
  subject: Subject,
  found: readonly Finding[],
): readonly Finding[] {
  const findings: Finding[] = [];
  const refuse: Refuse = (field, message, hint) => {
    findings.push({ code: "MD1008", field, message, ...(hint === undefined ? {} : { hint }) });
  };
  const warn: Refuse = (field, message, hint) => {
    findings.push({ code: "MD2015", severity: "warning", field, message, ...(hint === undefined ? {} : { hint }) });
  };
  if (
    ![
      "PeerAuthentication",
      "AuthorizationPolicy",
      "RequestAuthentication",
      "DestinationRule",
      "VirtualService",
    ].includes(subject.kind)
  )
    return findings;
  checkDryRun(document, subject, refuse);
  if (found.some((finding) => (finding.severity ?? "error") === "error")) return findings;
  const spec = isRecord(document["spec"]) ? document["spec"] : {};
  switch (subject.kind) {
    case "PeerAuthentication":
      validatePeerAuthentication(spec, refuse);
      break;
    case "AuthorizationPolicy":
      validateAuthorizationPolicy(spec, refuse, warn);
      break;
    case "RequestAuthentication":
      validateRequestAuthentication(spec, refuse);
      break;
    case "DestinationRule":
      validateDestinationRule(spec, subject.namespace, refuse);
      break;
    default:
      validateVirtualService(spec, subject.namespace, refuse);
  }
  return findings;
}

/** Spec VA-0d. */
function checkDryRun(document: Readonly<Record<string, unknown>>, subject: Subject, refuse: Refuse): void {
  const metadata = isRecord(document["metadata"]) ? document["metadata"] : {};
  const annotations = isRecord(metadata["annotations"]) ? metadata["annotations"] : {};
  const value = annotations["istio.io/dry-run"];
  if (typeof value !== "string") return;
  const field = "metadata.annotations.istio.io/dry-run";
  if (subject.kind !== "AuthorizationPolicy") {
    refuse(field, `${resourceName(subject)} cannot have the annotation istio.io/dry-run`, "remove the annotation");
    return;
  }
  if (!["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"].includes(value)) {
    refuse(field, `istio.io/dry-run: ${value} is not true or false`);
    return;
  }
  const spec = isRecord(document["spec"]) ? document["spec"] : {};
  const action = spec["action"];
  if (action === "AUDIT" || action === "CUSTOM")
    refuse(field, `istio.io/dry-run works with ALLOW and DENY only, found ${action}`, "remove the annotation");
}
