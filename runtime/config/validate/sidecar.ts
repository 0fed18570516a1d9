import { domainFault, ipFault } from "../domain.ts";
import { quote } from "../go-text.ts";
import { protocolFault, protocolOf } from "../protocol.ts";
import type { Decoded } from "../shape.ts";
import type { sidecar } from "../shapes/sidecar.ts";
import { validateDestination } from "./destination.ts";
import { validateEgressHosts } from "./egress-hosts.ts";
import { listenEndpointFaults } from "./listen-endpoint.ts";
import { type Report, refuseFault } from "./report.ts";
import { isSoundWorkloadSelector } from "./selector.ts";
import { validateServerTls } from "./server-tls.ts";
import { validateConnectionPool } from "./traffic-settings.ts";
import { portFault, socketFault } from "./values.ts";
import { portNameFault } from "./workload-entry.ts";

type Spec = Decoded<typeof sidecar>;
type Ingress = NonNullable<Spec["ingress"]>[number];
type Egress = NonNullable<Spec["egress"]>[number];
type Port = NonNullable<Ingress["port"]>;

/** Spec traffic 10.2.5. */
export function validateSidecar(spec: Spec, namespace: string, report: Report): void {
  const sound = isSoundWorkloadSelector(spec.workloadSelector, report, (field, message) => {
    if (!isEmpty(spec)) report.warn(field, `sidecar: ${message}, will be applied to all services in namespace`);
  });
  if (!sound) return;
  if (isEmpty(spec)) {
    report.refuse("spec", "sidecar: empty configuration provided");
    return;
  }
  const numbers = new Set<number>();
  for (const [index, listener] of (spec.ingress ?? []).entries())
    validateIngress(listener, numbers, `spec.ingress[${index}]`, report);
  validateConnectionPool(spec.inboundConnectionPool, "spec.inboundConnectionPool", report);
  validateEgress(spec.egress ?? [], namespace, report);
  validateOutbound(spec.outboundTrafficPolicy, report);
}

function isEmpty(spec: Spec): boolean {
  return (
    (spec.egress ?? []).length === 0 &&
    (spec.ingress ?? []).length === 0 &&
    spec.outboundTrafficPolicy === undefined &&
    spec.inboundConnectionPool === undefined
  );
}

function validateIngress(listener: Ingress, numbers: Set<number>, field: string, report: Report): void {
  const { port, bind = "", defaultEndpoint = "", tls } = listener;
  if (port === undefined) {
    report.refuse(field, "sidecar: port is required for ingress listeners");
    return;
  }
  const number = port.number ?? 0;
  if ((port.targetPort ?? 0) > 0) report.refuse(`${field}.port.targetPort`, "targetPort has no impact on Sidecars");
  validatePort(port, `${field}.port`, report);
  refuseFault(report, `${field}.port.number`, portFault(number));
  if (bind !== "") refuseFault(report, `${field}.bind`, ipFault(bind));
  if (numbers.has(number)) report.refuse(`${field}.port.number`, "sidecar: ports on IP bound listeners must be unique");
  numbers.add(number);
  if (defaultEndpoint !== "") {
    for (const fault of listenEndpointFaults(defaultEndpoint)) report.refuse(`${field}.defaultEndpoint`, fault);
  }
  if (tls !== undefined) validateIngressTls(tls, port, `${field}.tls`, report);
  validateConnectionPool(listener.connectionPool, `${field}.connectionPool`, report);
  if (listener.connectionPool?.http !== undefined && protocolOf(port.protocol)?.http !== true)
    report.warn(
      `${field}.connectionPool.http`,
      `sidecar: HTTP connection pool settings are configured for port ${number} (${quote(port.name ?? "")}) but its protocol is not HTTP (${port.protocol ?? ""}); only TCP settings will apply`,
    );
}

function validateIngressTls(tls: NonNullable<Ingress["tls"]>, port: Port, field: string, report: Report): void {
  if ((tls.subjectAltNames ?? []).length > 0)
    report.refuse(`${field}.subjectAltNames`, "sidecar: subjectAltNames is not supported in ingress tls");
  if (tls.httpsRedirect === true) report.refuse(`${field}.httpsRedirect`, "sidecar: httpsRedirect is not supported");
  if ((tls.credentialName ?? "") !== "")
    report.refuse(`${field}.credentialName`, "sidecar: credentialName is not currently supported");
  if ((tls.credentialNames ?? []).length > 0)
    report.refuse(`${field}.credentialNames`, "sidecar: credentialNames is not currently supported");
  if ((tls.tlsCertificates ?? []).length > 0)
    report.refuse(`${field}.tlsCertificates`, "sidecar: tls_certificates is not currently supported");
  if (tls.mode === "ISTIO_MUTUAL" || tls.mode === "AUTO_PASSTHROUGH")
    report.refuse(`${field}.mode`, `configuration is invalid: cannot set mode to ${tls.mode} in sidecar ingress tls`);
  if (protocolOf(port.protocol)?.tls !== true)
    report.refuse(field, "server cannot have TLS settings for non HTTPS/TLS ports");
  validateServerTls(tls, field, report);
}

function validatePort(port: Port, field: string, report: Report): void {
  const name = port.name ?? "";
  if (name !== "") refuseFault(report, `${field}.name`, portNameFault(name));
  refuseFault(report, `${field}.protocol`, protocolFault(port.protocol));
}

function validateEgress(listeners: readonly Egress[], namespace: string, report: Report): void {
  const numbers = new Set<number>();
  const sockets = new Set<string>();
  for (const [index, listener] of listeners.entries()) {
    const field = `spec.egress[${index}]`;
    const { port, bind = "" } = listener;
    if (port === undefined) {
      if (index !== listeners.length - 1)
        report.refuse(field, "sidecar: the egress listener with empty port should be the last listener in the list");
    } else {
      if ((port.targetPort ?? 0) > 0) report.refuse(`${field}.port.targetPort`, "targetPort has no impact on Sidecars");
      validateEgressPort(listener, port, field, report);
      const number = port.number ?? 0;
      if (number === 0) {
        if (sockets.has(bind))
          report.refuse(`${field}.bind`, "sidecar: unix domain socket values for listeners must be unique");
        sockets.add(bind);
      } else {
        if (numbers.has(number))
          report.refuse(`${field}.port.number`, "sidecar: ports on IP bound listeners must be unique");
        numbers.add(number);
      }
    }
    validateEgressHosts(listener.hosts ?? [], namespace, field, report);
  }
}

function validateEgressPort(listener: Egress, port: Port, field: string, report: Report): void {
  const { bind = "", captureMode = "DEFAULT" } = listener;
  validatePort(port, `${field}.port`, report);
  if ((port.number ?? 0) !== 0) {
    refuseFault(report, `${field}.port.number`, portFault(port.number ?? 0));
    if (bind !== "") refuseFault(report, `${field}.bind`, ipFault(bind));
    return;
  }
  if (bind.startsWith("unix://")) refuseFault(report, `${field}.bind`, socketFault(bind.slice("unix://".length)));
  else report.refuse(`${field}.port`, "sidecar: ports with 0 value must have a unix domain socket bind address");
  if (captureMode !== "DEFAULT" && captureMode !== "NONE")
    report.refuse(`${field}.captureMode`, "sidecar: captureMode must be DEFAULT/NONE for unix domain socket listeners");
}

function validateOutbound(policy: Spec["outboundTrafficPolicy"], report: Report): void {
  const proxy = policy?.egressProxy;
  const mode = policy?.mode ?? "REGISTRY_ONLY";
  const field = "spec.outboundTrafficPolicy";
  // The number that the mode has in MeshConfig; a Sidecar has no name for it.
  if (mode === "3") {
    report.refuse(
      `${field}.mode`,
      "sidecar: ALLOW_ANY_DYNAMIC_DNS mode is only supported in MeshConfig, not in Sidecar resource",
    );
    return;
  }
  if (proxy === undefined) return;
  const at = `${field}.egressProxy`;
  if (mode !== "ALLOW_ANY") {
    report.refuse(at, "sidecar: egress_proxy must be set only with ALLOW_ANY outbound_traffic_policy mode");
    return;
  }
  refuseFault(report, `${at}.host`, domainFault(proxy.host ?? ""));
  if (proxy.port === undefined) report.refuse(at, "sidecar: egress_proxy port must be non-nil");
  else validateDestination(proxy, at, report);
}
