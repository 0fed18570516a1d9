import { any, enumOf, int32, listOf, message, string, stringMap, uint32 } from "../shape.ts";
import { portRange, targetsOrWorkloadSelector, waypointContext } from "../shape-rules.ts";
import { policyTargetReference } from "./selector.ts";
import { networkingWorkloadSelector } from "./sidecar.ts";

const proxyMatch = message("istio.networking.v1alpha3.EnvoyFilter.ProxyMatch", {
  proxyVersion: string,
  metadata: stringMap,
});

const listenerMatchSubFilterMatch = message("istio.networking.v1alpha3.EnvoyFilter.ListenerMatch.SubFilterMatch", {
  name: string,
});

const listenerMatchFilterMatch = message("istio.networking.v1alpha3.EnvoyFilter.ListenerMatch.FilterMatch", {
  name: string,
  subFilter: listenerMatchSubFilterMatch,
});

const filterChainMatch = message("istio.networking.v1alpha3.EnvoyFilter.ListenerMatch.FilterChainMatch", {
  name: string,
  sni: string,
  transportProtocol: string,
  applicationProtocols: string,
  filter: listenerMatchFilterMatch,
  destinationPort: uint32,
});

const listenerMatch = message("istio.networking.v1alpha3.EnvoyFilter.ListenerMatch", {
  portNumber: uint32,
  portName: string,
  filterChain: filterChainMatch,
  listenerFilter: string,
  name: string,
});

const routeConfigurationMatchRouteMatch = message(
  "istio.networking.v1alpha3.EnvoyFilter.RouteConfigurationMatch.RouteMatch",
  {
    name: string,
    action: enumOf("istio.networking.v1alpha3.EnvoyFilter.RouteConfigurationMatch.RouteMatch.Action", [
      "ANY",
      "ROUTE",
      "REDIRECT",
      "DIRECT_RESPONSE",
    ]),
  },
);

const virtualHostMatch = message("istio.networking.v1alpha3.EnvoyFilter.RouteConfigurationMatch.VirtualHostMatch", {
  name: string,
  domainName: string,
  route: routeConfigurationMatchRouteMatch,
});

const routeConfigurationMatch = message("istio.networking.v1alpha3.EnvoyFilter.RouteConfigurationMatch", {
  portNumber: uint32,
  portName: string,
  gateway: string,
  vhost: virtualHostMatch,
  name: string,
});

const clusterMatch = message("istio.networking.v1alpha3.EnvoyFilter.ClusterMatch", {
  portNumber: uint32,
  service: string,
  subset: string,
  name: string,
});

const waypointMatchRouteMatch = message("istio.networking.v1alpha3.EnvoyFilter.WaypointMatch.RouteMatch", {
  name: string,
});

const filterMatchSubFilterMatch = message(
  "istio.networking.v1alpha3.EnvoyFilter.WaypointMatch.FilterMatch.SubFilterMatch",
  {
    name: string,
  },
);

const waypointMatchFilterMatch = message("istio.networking.v1alpha3.EnvoyFilter.WaypointMatch.FilterMatch", {
  name: string,
  subFilter: filterMatchSubFilterMatch,
});

const waypointMatch = message("istio.networking.v1alpha3.EnvoyFilter.WaypointMatch", {
  portNumber: { ...uint32, rules: [portRange] },
  route: waypointMatchRouteMatch,
  filter: waypointMatchFilterMatch,
});

const envoyConfigObjectMatch = message(
  "istio.networking.v1alpha3.EnvoyFilter.EnvoyConfigObjectMatch",
  {
    context: enumOf("istio.networking.v1alpha3.EnvoyFilter.PatchContext", [
      "ANY",
      "SIDECAR_INBOUND",
      "SIDECAR_OUTBOUND",
      "GATEWAY",
      "WAYPOINT",
    ]),
    proxy: proxyMatch,
    listener: listenerMatch,
    routeConfiguration: routeConfigurationMatch,
    cluster: clusterMatch,
    waypoint: waypointMatch,
  },
  { oneOf: [["listener", "routeConfiguration", "cluster", "waypoint"]], rules: [waypointContext] },
);

const patch = message("istio.networking.v1alpha3.EnvoyFilter.Patch", {
  operation: enumOf("istio.networking.v1alpha3.EnvoyFilter.Patch.Operation", [
    "INVALID",
    "MERGE",
    "ADD",
    "REMOVE",
    "INSERT_BEFORE",
    "INSERT_AFTER",
    "INSERT_FIRST",
    "REPLACE",
    "MERGE_AND_REPLACE_LIST",
  ]),
  value: any,
  filterClass: enumOf("istio.networking.v1alpha3.EnvoyFilter.Patch.FilterClass", [
    "UNSPECIFIED",
    "AUTHN",
    "AUTHZ",
    "STATS",
  ]),
});

const envoyConfigObjectPatch = message("istio.networking.v1alpha3.EnvoyFilter.EnvoyConfigObjectPatch", {
  applyTo: enumOf("istio.networking.v1alpha3.EnvoyFilter.ApplyTo", [
    "INVALID",
    "LISTENER",
    "FILTER_CHAIN",
    "NETWORK_FILTER",
    "HTTP_FILTER",
    "ROUTE_CONFIGURATION",
    "VIRTUAL_HOST",
    "HTTP_ROUTE",
    "CLUSTER",
    "EXTENSION_CONFIG",
    "BOOTSTRAP",
    "LISTENER_FILTER",
  ]),
  match: envoyConfigObjectMatch,
  patch: patch,
});

export const envoyFilter = message(
  "istio.networking.v1alpha3.EnvoyFilter",
  {
    workloadSelector: networkingWorkloadSelector,
    targetRefs: listOf(policyTargetReference, { max: 16 }),
    configPatches: listOf(envoyConfigObjectPatch),
    priority: int32,
  },
  { rules: [targetsOrWorkloadSelector] },
);
