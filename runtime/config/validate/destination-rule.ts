import { hostHint, isLabel, wildcardDomainFault } from "../domain.ts";
import { quote } from "../go-text.ts";
import { validateExportTo } from "./export-to.ts";
import { validateLoadBalancer } from "./load-balancer.ts";
import { errorsOnly, type Report, refuseFault } from "./report.ts";
import { validateSelector } from "./selector.ts";
import type { DestinationRule, TrafficPolicy } from "./specs.ts";
import { validateConnectionPool, validateOutlierDetection, validateTunnel } from "./traffic-settings.ts";
import { validateLabels } from "./values.ts";

type PortPolicy = NonNullable<TrafficPolicy["portLevelSettings"]>[number];
type ClientTls = NonNullable<TrafficPolicy["tls"]>;

/** Spec traffic 10.2.3 and VA-34…VA-42. */
export function validateDestinationRule(spec: DestinationRule, namespace: string, report: Report): void {
  const host = spec.host ?? "";
  refuseFault(report, "spec.host", wildcardDomainFault(host), hostHint(host));
  validatePolicy(spec.trafficPolicy, "spec.trafficPolicy", namespace, report);
  const names = new Set<string>();
  for (const [index, subset] of (spec.subsets ?? []).entries()) {
    const field = `spec.subsets[${index}]`;
    const name = subset.name ?? "";
    if (names.has(name)) report.refuse(`${field}.name`, `duplicate subset names: ${name}`, "rename one of them");
    names.add(name);
    refuseFault(report, `${field}.name`, subsetNameFault(name));
    validateLabels(subset.labels, `${field}.labels`, report);
    // Warnings of what is below the rule's own policy get lost (errata E16).
    validatePolicy(subset.trafficPolicy, `${field}.trafficPolicy`, namespace, errorsOnly(report));
  }
  validateExportTo(spec.exportTo ?? [], namespace, report, { withSelector: spec.workloadSelector !== undefined });
  validateSelector(spec.workloadSelector, "spec.workloadSelector", report);
}

export function subsetNameFault(name: string): string | undefined {
  if (name === "") return "subset name cannot be empty";
  return isLabel(name) ? undefined : `subset name is invalid: ${name}`;
}

function validatePolicy(policy: TrafficPolicy | undefined, field: string, namespace: string, report: Report): void {
  if (policy === undefined) return;
  const { outlierDetection, connectionPool, loadBalancer, tls, portLevelSettings, tunnel, proxyProtocol } = policy;
  if (
    [outlierDetection, connectionPool, loadBalancer, tls, tunnel, proxyProtocol, policy.retryBudget].every(
      (setting) => setting === undefined,
    ) &&
    (portLevelSettings ?? []).length === 0
  ) {
    report.refuse(field, "traffic policy must have at least one field", "remove it");
    return;
  }
  if (tunnel !== undefined && proxyProtocol !== undefined) {
    report.refuse(`${field}.tunnel`, "tunnel and proxyProtocol must not be set together", "keep one of them");
    return;
  }
  validateCommon(policy, field, namespace, report);
  for (const [index, port] of (portLevelSettings ?? []).entries())
    validatePortPolicy(port, `${field}.portLevelSettings[${index}]`, namespace, errorsOnly(report));
  validateTunnel(tunnel, `${field}.tunnel`, report);
  const version = proxyProtocol?.version ?? "V1";
  if (version !== "V1" && version !== "V2")
    report.refuse(`${field}.proxyProtocol.version`, `proxy protocol version is invalid: ${version}`);
}

function validatePortPolicy(policy: PortPolicy, field: string, namespace: string, report: Report): void {
  const { port, outlierDetection, connectionPool, loadBalancer, tls } = policy;
  if (port === undefined) report.refuse(field, "portTrafficPolicy must have valid port");
  if ([outlierDetection, connectionPool, loadBalancer, tls].every((setting) => setting === undefined))
    report.refuse(field, "port traffic policy must have at least one field");
  else validateCommon(policy, field, namespace, report);
}

function validateCommon(
  policy: Pick<TrafficPolicy, "outlierDetection" | "connectionPool" | "loadBalancer" | "tls">,
  field: string,
  namespace: string,
  report: Report,
): void {
  validateOutlierDetection(policy.outlierDetection, `${field}.outlierDetection`, report);
  validateConnectionPool(policy.connectionPool, `${field}.connectionPool`, report);
  validateLoadBalancer(policy.loadBalancer, policy.outlierDetection !== undefined, `${field}.loadBalancer`, report);
  validateClientTls(policy.tls, `${field}.tls`, namespace, report);
}

/** Spec VA-34…VA-38. */
function validateClientTls(tls: ClientTls | undefined, field: string, namespace: string, report: Report): void {
  if (tls === undefined) return;
  const { mode = "DISABLE", credentialName = "", caCertificates = "" } = tls;
  refuseFault(report, `${field}.credentialName`, configMapFault(credentialName, namespace));
  const hasNames = (tls.subjectAltNames ?? []).length > 0;
  if (tls.insecureSkipVerify === true) {
    const at = `${field}.insecureSkipVerify`;
    if (mode === "SIMPLE" && (caCertificates !== "" || credentialName !== "" || hasNames))
      report.refuse(
        at,
        "cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true",
      );
    if (mode === "MUTUAL" && (caCertificates !== "" || hasNames))
      report.refuse(at, "cannot specify CaCertificates or SubjectAltNames when InsecureSkipVerify is set true");
  }
  if ((mode === "SIMPLE" || mode === "MUTUAL") && credentialName !== "") {
    if ([tls.clientCertificate, caCertificates, tls.privateKey, tls.caCrl].some((file) => (file ?? "") !== ""))
      report.refuse(
        `${field}.credentialName`,
        "cannot specify client certificates or CA certificate or CA CRL If credentialName is set",
        "keep one of them",
      );
    return;
  }
  if (mode !== "MUTUAL") return;
  if ((tls.clientCertificate ?? "") === "") report.refuse(field, "client certificate required for mutual tls");
  if ((tls.privateKey ?? "") === "") report.refuse(field, "private key required for mutual tls");
}

function configMapFault(credential: string, namespace: string): string | undefined {
  if (!credential.startsWith("configmap://")) return undefined;
  const start = "invalid configmap:// credentialName:";
  const [space = "", name] = credential.slice("configmap://".length).split("/");
  const wrong = `${start} invalid resource name ${quote(credential)}.`;
  if (name === undefined) return `${wrong} Expected namespace and name`;
  if (space === "") return `${wrong} Expected namespace`;
  if (name === "") return `${wrong} Expected name`;
  return space === namespace
    ? undefined
    : `${start} namespace must match the configuration namespace ${quote(namespace)}`;
}
