import { quote } from "../go-text.ts";
import type { Report } from "./report.ts";

const internal = ["internal.istio.io/parent-namespace", "internal.istio.io/parents"];

/** Annotations that Istio's webhook judges before anything else (spec VA-0d). False when one ends the validation. */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>>,
  subject: { readonly kind: string; readonly namespace: string; readonly name: string; readonly action: string },
  report: Report,
): boolean {
  const dryRun = annotations["istio.io/dry-run"];
  if (dryRun !== undefined) {
    const fault = dryRunFault(dryRun, subject);
    if (fault !== undefined) {
      report.refuse("metadata.annotations.istio.io/dry-run", fault, "remove the annotation");
      return false;
    }
  }
  const rejecting = "internal.istio.io/webhook-always-reject";
  if (annotations[rejecting] !== undefined) {
    report.refuse(`metadata.annotations.${rejecting}`, `${quote(rejecting)} annotation found, rejecting`);
    return false;
  }
  const found = internal.find((name) => annotations[name] !== undefined);
  if (found === undefined) return true;
  report.refuse(
    `metadata.annotations.${found}`,
    `${quote(found)} annotation found, this may not be set by users`,
    "remove the annotation",
  );
  return false;
}

function dryRunFault(
  value: string,
  { kind, namespace, name, action }: { kind: string; namespace: string; name: string; action: string },
): string | undefined {
  if (kind !== "AuthorizationPolicy")
    return `${namespace}/${name} has unsupported annotation istio.io/dry-run, please remove the annotation`;
  if (action !== "ALLOW" && action !== "DENY")
    return `the annotation istio.io/dry-run currently only supports action ALLOW/DENY, found action ${action} in ${namespace}/${name}`;
  if (["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"].includes(value))
    return undefined;
  return `${namespace}/${name} has annotation istio.io/dry-run with invalid value (${value}): strconv.ParseBool: parsing ${quote(value)}: invalid syntax`;
}
