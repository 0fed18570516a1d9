import type { Decoded } from "../shape.ts";
import type { proxyConfig } from "../shapes/proxy-config.ts";
import { validateAuthorizationPolicy } from "./authorization-policy.ts";
import { validateDestinationRule } from "./destination-rule.ts";
import { validateEnvoyFilter } from "./envoy-filter.ts";
import { validateGateway } from "./gateway.ts";
import { validatePeerAuthentication } from "./peer-authentication.ts";
import type { Report } from "./report.ts";
import { validateRequestAuthentication } from "./request-authentication.ts";
import { validateSelector } from "./selector.ts";
import { validateServiceEntry } from "./service-entry.ts";
import { validateSidecar } from "./sidecar.ts";
import { validateTelemetry } from "./telemetry.ts";
import { validateTrafficExtension } from "./traffic-extension.ts";
import { validateVirtualService } from "./virtual-service.ts";
import { validateWasmPlugin } from "./wasm-plugin.ts";
import { validateWorkloadEntry } from "./workload-entry.ts";
import { validateWorkloadGroup } from "./workload-group.ts";

/** Who is validated. */
export interface Subject {
  readonly name: string;
  /** `default` when the document names none. */
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type Validator = (spec: never, subject: Subject, report: Report) => void;

/** What istiod's webhook checks of each kind, given a decoded spec. */
export const validators: Readonly<Record<string, Validator>> = {
  AuthorizationPolicy: validateAuthorizationPolicy,
  PeerAuthentication: (spec, _, report) => {
    validatePeerAuthentication(spec, report);
  },
  RequestAuthentication: (spec, _, report) => {
    validateRequestAuthentication(spec, report);
  },
  DestinationRule: (spec, { namespace }, report) => {
    validateDestinationRule(spec, namespace, report);
  },
  VirtualService: (spec, { namespace }, report) => {
    validateVirtualService(spec, namespace, report);
  },
  Gateway: (spec, { name }, report) => {
    validateGateway(spec, name, report);
  },
  ServiceEntry: validateServiceEntry,
  Sidecar: (spec, { namespace }, report) => {
    validateSidecar(spec, namespace, report);
  },
  WorkloadEntry: (spec, _, report) => {
    validateWorkloadEntry(spec, "spec", report);
  },
  WorkloadGroup: (spec, _, report) => {
    validateWorkloadGroup(spec, report);
  },
  Telemetry: (spec, _, report) => {
    validateTelemetry(spec, report);
  },
  ProxyConfig: (spec: Decoded<typeof proxyConfig>, _, report) => {
    validateSelector(spec.selector, "spec.selector", report);
    if ((spec.concurrency ?? 0) < 0)
      report.refuse("spec.concurrency", "concurrency must be greater than or equal to 0");
  },
  WasmPlugin: (spec, _, report) => {
    validateWasmPlugin(spec, report);
  },
  TrafficExtension: (spec, _, report) => {
    validateTrafficExtension(spec, report);
  },
  EnvoyFilter: (spec, _, report) => {
    validateEnvoyFilter(spec, report);
  },
};
