import type {
  ClientTlsSettings,
  DestinationRuleSpec,
  PortTrafficPolicy,
  Subset,
  TrafficPolicy,
} from "../model/istio-networking.ts";
import { exportToFault, hostFault, isLabel } from "./domain.ts";
import { isLabelKey, isLabelValue } from "./names.ts";
import type { Refuse } from "./refuse.ts";
import { validateTrafficSettings } from "./validate-traffic-settings.ts";
import { validateSelector } from "./validate-selector.ts";

/** Spec traffic 10.2.3 and VA-34…VA-42. */
export function validateDestinationRule(spec: Partial<DestinationRuleSpec>, namespace: string, refuse: Refuse): void {
  if (spec.host !== undefined) {
    const fault = hostFault(spec.host);
    if (fault !== undefined) refuse("spec.host", fault);
  }
  validatePolicy(spec.trafficPolicy, "spec.trafficPolicy", namespace, refuse);
  const names = new Set<string>();
  for (const [index, subset] of (spec.subsets ?? []).entries()) {
    const field = `spec.subsets[${index}]`;
    if (names.has(subset.name)) refuse(`${field}.name`, `subset ${subset.name} is written twice`, "rename one of them");
    names.add(subset.name);
    validateSubset(subset, field, namespace, refuse);
  }
  const exports = spec.exportTo ?? [];
  const fault = exportToFault(exports, namespace);
  if (fault !== undefined) refuse("spec.exportTo", fault);
  if (spec.workloadSelector !== undefined) {
    validateSelector(spec.workloadSelector, "spec.workloadSelector", refuse);
    if (exports.length > 1)
      refuse("spec.exportTo", "a rule with workloadSelector is exported to one namespace at most");
    if (exports.length === 1 && exports[0] !== "." && exports[0] !== namespace)
      refuse("spec.exportTo", "a rule with workloadSelector is not exported beyond its namespace", 'write ["."]');
  }
}

function validateSubset(subset: Subset, field: string, namespace: string, refuse: Refuse): void {
  if (subset.name === "") refuse(`${field}.name`, "a subset needs a name");
  else if (!isLabel(subset.name)) refuse(`${field}.name`, `${subset.name} is not a valid name of a subset`);
  for (const [key, value] of Object.entries(subset.labels ?? {})) {
    if (!isLabelKey(key) || !isLabelValue(value))
      refuse(`${field}.labels.${key}`, `${key}: ${value} is not a valid label`);
  }
  validatePolicy(subset.trafficPolicy, `${field}.trafficPolicy`, namespace, refuse);
}

function validatePolicy(policy: TrafficPolicy | undefined, field: string, namespace: string, refuse: Refuse): void {
  if (policy === undefined) return;
  const ports = policy.portLevelSettings ?? [];
  const meaningful = Object.entries(policy).filter(
    ([key, value]) => key !== "portLevelSettings" && value !== undefined,
  );
  if (meaningful.length === 0 && ports.length === 0)
    refuse(field, "a traffic policy must have at least one field", "remove it");
  validateTls(policy.tls, `${field}.tls`, namespace, refuse);
  validateTrafficSettings(policy, field, refuse);
  for (const [index, port] of ports.entries())
    validatePortPolicy(port, `${field}.portLevelSettings[${index}]`, namespace, refuse);
}

function validatePortPolicy(policy: PortTrafficPolicy, field: string, namespace: string, refuse: Refuse): void {
  const number = policy.port?.number ?? 0;
  if (policy.port === undefined) refuse(field, "a port traffic policy needs port.number");
  else if (number > 65535) refuse(`${field}.port.number`, `${number} is not a port in 1..65535`);
  if (
    policy.tls === undefined &&
    policy.loadBalancer === undefined &&
    policy.connectionPool === undefined &&
    policy.outlierDetection === undefined
  ) {
    refuse(field, "a port traffic policy must have at least one field besides port");
  }
  validateTls(policy.tls, `${field}.tls`, namespace, refuse);
  validateTrafficSettings(policy, field, refuse);
}

function validateTls(tls: ClientTlsSettings | undefined, field: string, namespace: string, refuse: Refuse): void {
  if (tls === undefined) return;
  const { mode } = tls;
  if (tls.insecureSkipVerify === true) {
    if (mode === "SIMPLE" && (has(tls.caCertificates) || has(tls.credentialName) || has(tls.subjectAltNames))) {
      refuse(
        `${field}.insecureSkipVerify`,
        "insecureSkipVerify cannot stand beside caCertificates, credentialName or subjectAltNames",
      );
    }
    if (mode === "MUTUAL" && (has(tls.caCertificates) || has(tls.subjectAltNames))) {
      refuse(`${field}.insecureSkipVerify`, "insecureSkipVerify cannot stand beside caCertificates or subjectAltNames");
    }
  }
  if (mode !== "SIMPLE" && mode !== "MUTUAL") return;
  if (has(tls.credentialName)) {
    const name = tls.credentialName ?? "";
    if (
      has(tls.clientCertificate) ||
      has(tls.caCertificates) ||
      has(tls.privateKey) ||
      ("caCrl" in tls && typeof tls.caCrl === "string" && tls.caCrl !== "")
    ) {
      refuse(`${field}.credentialName`, "credentialName cannot stand beside certificate files");
    }
    if (name.startsWith("configmap://")) {
      const [space = "", rest = "", ...more] = name.slice("configmap://".length).split("/");
      if (space === "" || rest === "" || more.length > 0)
        refuse(`${field}.credentialName`, `${name} must be configmap://<namespace>/<name>`);
      else if (space !== namespace) refuse(`${field}.credentialName`, `${name} must be in the namespace ${namespace}`);
    }
    return;
  }
  if (mode === "MUTUAL") {
    if (!has(tls.clientCertificate))
      refuse(`${field}.mode`, "MUTUAL needs clientCertificate", "use ISTIO_MUTUAL for the mesh's own certificates");
    if (!has(tls.privateKey))
      refuse(`${field}.mode`, "MUTUAL needs privateKey", "use ISTIO_MUTUAL for the mesh's own certificates");
  }
}

function has(value: string | readonly string[] | undefined): boolean {
  return value !== undefined && value.length > 0;
}
