import type { Analyzer } from "./analyzer.ts";
import { annotations } from "./annotations.ts";
import { applicationUid } from "./application-uid.ts";
import { authorizationPolicies } from "./authorization-policies.ts";
import { autoImages } from "./auto-images.ts";
import { blockedCidrs } from "./blocked-cidrs.ts";
import { caCertificates } from "./ca-certificates.ts";
import { claimRoutes } from "./claim-routes.ts";
import { conditions } from "./conditions.ts";
import { crdVersions } from "./crd-versions.ts";
import { deprecatedFields } from "./deprecated-fields.ts";
import { destinationHosts } from "./destination-hosts.ts";
import { destinationSubsets } from "./destination-subsets.ts";
import { envoyPatches } from "./envoy-patches.ts";
import { externalControlPlane } from "./external-control-plane.ts";
import { gatewayCertificates } from "./gateway-certificates.ts";
import { gatewayConflicts } from "./gateway-conflicts.ts";
import { gatewayPorts } from "./gateway-ports.ts";
import { gatewaySecrets } from "./gateway-secrets.ts";
import { gatewaySelectors } from "./gateway-selectors.ts";
import { injectedImages } from "./injected-images.ts";
import { injection } from "./injection.ts";
import { meshNetworks } from "./mesh-networks.ts";
import { portNames } from "./port-names.ts";
import { serviceAssociation } from "./service-association.ts";
import { serviceEntryAddresses, serviceEntryProtocols } from "./service-entries.ts";
import { sidecarSelectors } from "./sidecar-selectors.ts";
import { subsets } from "./subsets.ts";
import { lightstep, telemetryDefaults, telemetryProviders, telemetrySelectors } from "./telemetry.ts";
import { virtualServiceGateways } from "./virtual-service-gateways.ts";
import { virtualServiceHosts } from "./virtual-service-hosts.ts";
import { webhooks } from "./webhooks.ts";

/** Every analyzer beside Istio's validation. IST0170 needs several clusters and is not among them. */
export const analyzers: readonly Analyzer[] = [
  annotations,
  blockedCidrs,
  authorizationPolicies,
  conditions,
  serviceAssociation,
  applicationUid,
  caCertificates,
  subsets,
  deprecatedFields,
  envoyPatches,
  externalControlPlane,
  gatewayPorts,
  gatewayCertificates,
  gatewaySecrets,
  gatewayConflicts,
  injection,
  injectedImages,
  autoImages,
  gatewaySelectors,
  crdVersions,
  meshNetworks,
  portNames,
  sidecarSelectors,
  virtualServiceHosts,
  destinationHosts,
  destinationSubsets,
  virtualServiceGateways,
  claimRoutes,
  serviceEntryAddresses,
  serviceEntryProtocols,
  webhooks,
  telemetryProviders,
  telemetrySelectors,
  telemetryDefaults,
  lightstep,
];
