import type { DestinationRule, Sidecar, VirtualService } from "../model/istio-networking.ts";
import type { AuthorizationPolicy, PeerAuthentication } from "../model/istio-security.ts";
import type { MeshPolicies } from "../model/mesh.ts";
import type { Credentials } from "../model/credential.ts";
import { byAge, type Resource } from "../model/resource.ts";
import { isSecret, readCredentials } from "./credentials.ts";

function isPeerAuthentication(resource: Resource): resource is PeerAuthentication {
  return resource.kind === "PeerAuthentication" && resource.apiVersion.startsWith("security.istio.io/");
}

function isAuthorizationPolicy(resource: Resource): resource is AuthorizationPolicy {
  return resource.kind === "AuthorizationPolicy" && resource.apiVersion.startsWith("security.istio.io/");
}

function isDestinationRule(resource: Resource): resource is DestinationRule {
  return resource.kind === "DestinationRule" && resource.apiVersion.startsWith("networking.istio.io/");
}

function isVirtualService(resource: Resource): resource is VirtualService {
  return resource.kind === "VirtualService" && resource.apiVersion.startsWith("networking.istio.io/");
}

function isSidecar(resource: Resource): resource is Sidecar {
  return resource.kind === "Sidecar" && resource.apiVersion.startsWith("networking.istio.io/");
}

export function isKubernetesCore(resource: Resource): boolean {
  return resource.apiVersion === "v1" && ["Namespace", "Service", "ServiceAccount"].includes(resource.kind);
}

/** Accepted resources by kind, oldest first, and everything that the mesh does not act on. */
export function sortResources(resources: readonly Resource[]): {
  readonly policies: MeshPolicies;
  readonly credentials: Credentials;
  readonly others: readonly Resource[];
} {
  return {
    policies: {
      peerAuthentications: resources.filter(isPeerAuthentication).toSorted(byAge),
      authorizationPolicies: resources.filter(isAuthorizationPolicy).toSorted(byAge),
      destinationRules: resources.filter(isDestinationRule).toSorted(byAge),
      virtualServices: resources.filter(isVirtualService).toSorted(byAge),
      sidecars: resources.filter(isSidecar).toSorted(byAge),
    },
    credentials: readCredentials(resources),
    // What a Secret holds goes nowhere else.
    others: resources
      .filter(
        (resource) =>
          !isPeerAuthentication(resource) &&
          !isAuthorizationPolicy(resource) &&
          !isDestinationRule(resource) &&
          !isVirtualService(resource) &&
          !isSidecar(resource) &&
          !isKubernetesCore(resource),
      )
      .map((resource) => (isSecret(resource) ? { ...resource, annotations: {}, spec: {} } : resource)),
  };
}
