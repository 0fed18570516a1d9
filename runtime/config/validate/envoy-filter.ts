import { quote } from "../go-text.ts";
import { regexFault } from "../re2.ts";
import type { Decoded } from "../shape.ts";
import type { envoyFilter } from "../shapes/envoy-filter.ts";
import type { Report } from "./report.ts";
import { isSoundWorkloadSelector } from "./selector.ts";

type Spec = Decoded<typeof envoyFilter>;
type Patch = NonNullable<Spec["configPatches"]>[number];
type Filter = NonNullable<NonNullable<NonNullable<NonNullable<Patch["match"]>["listener"]>["filterChain"]>["filter"]>;

const connectionManager = "envoy.filters.network.http_connection_manager";
/** Names of filters that Envoy dropped, and what they are called now. */
const deprecatedNames: Readonly<Record<string, string>> = {
  "envoy.buffer": "envoy.filters.http.buffer",
  "envoy.cors": "envoy.filters.http.cors",
  "envoy.csrf": "envoy.filters.http.csrf",
  "envoy.http_dynamo_filter": "envoy.filters.http.dynamo",
  "envoy.ext_authz": "envoy.filters.http.ext_authz",
  "envoy.fault": "envoy.filters.http.fault",
  "envoy.grpc_http1_bridge": "envoy.filters.http.grpc_http1_bridge",
  "envoy.grpc_json_transcoder": "envoy.filters.http.grpc_json_transcoder",
  "envoy.grpc_web": "envoy.filters.http.grpc_web",
  "envoy.gzip": "envoy.filters.http.gzip",
  "envoy.health_check": "envoy.filters.http.health_check",
  "envoy.ip_tagging": "envoy.filters.http.ip_tagging",
  "envoy.lua": "envoy.filters.http.lua",
  "envoy.rate_limit": "envoy.filters.http.ratelimit",
  "envoy.router": "envoy.filters.http.router",
  "envoy.squash": "envoy.filters.http.squash",
  "envoy.listener.http_inspector": "envoy.filters.listener.http_inspector",
  "envoy.listener.original_dst": "envoy.filters.listener.original_dst",
  "envoy.listener.original_src": "envoy.filters.listener.original_src",
  "envoy.listener.proxy_protocol": "envoy.filters.listener.proxy_protocol",
  "envoy.listener.tls_inspector": "envoy.filters.listener.tls_inspector",
  "envoy.client_ssl_auth": "envoy.filters.network.client_ssl_auth",
  "envoy.http_connection_manager": "envoy.filters.network.http_connection_manager",
  "envoy.mongo_proxy": "envoy.filters.network.mongo_proxy",
  "envoy.ratelimit": "envoy.filters.network.ratelimit",
  "envoy.redis_proxy": "envoy.filters.network.redis_proxy",
  "envoy.tcp_proxy": "envoy.filters.network.tcp_proxy",
};

const listenerKinds = ["LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER"];
const routeKinds = ["ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"];

/** Spec traffic 10.2.15, without the judgement of `patch.value` by Envoy's own message types. */
export function validateEnvoyFilter(spec: Spec, report: Report): void {
  const warnings: [field: string, message: string][] = [];
  const sound = isSoundWorkloadSelector(spec.workloadSelector, report, (field, message) => {
    warnings.push([field, `Envoy filter: ${message}, will be applied to all services in namespace`]);
  });
  if (!sound) return;
  report.warn(
    "spec",
    "EnvoyFilter exposes internal implementation details that may change at any time. Prefer other APIs if possible, and exercise extreme caution, especially around upgrades.",
  );
  for (const [field, message] of warnings) report.warn(field, message);
  for (const [index, patch] of (spec.configPatches ?? []).entries()) {
    const field = `spec.configPatches[${index}]`;
    const fault = patch.match?.context === "WAYPOINT" ? undefined : patchFault(patch, field, report);
    if (fault !== undefined) report.refuse(field, `Envoy filter: ${fault}`);
  }
}

function patchFault({ applyTo = "INVALID", match, patch }: Patch, field: string, report: Report): string | undefined {
  if (applyTo === "INVALID") return "missing applyTo";
  if (patch === undefined) return "missing patch";
  const { operation = "INVALID" } = patch;
  if (operation === "INVALID") return "missing patch operation";
  if (operation !== "REMOVE" && patch.value === undefined) return "missing patch value for non-remove operation";
  const version = match?.proxy?.proxyVersion ?? "";
  if (version.length > 1024)
    report.warn(
      `${field}.match.proxy.proxyVersion`,
      "Envoy filter: proxyVersion match exceeds 1024 characters and will be ignored",
    );
  else if (version !== "") {
    const fault = regexFault(version);
    if (fault !== undefined) return `invalid regex for proxy version, [${fault}]`;
  }
  // Of several kinds of match the last that the message declares counts.
  const { listener, routeConfiguration, cluster, waypoint } = match ?? {};
  const kind =
    waypoint !== undefined
      ? "waypoint"
      : cluster !== undefined
        ? "cluster"
        : routeConfiguration !== undefined
          ? "route"
          : listener === undefined
            ? undefined
            : "listener";
  if (kind === undefined) return undefined;
  if (listenerKinds.includes(applyTo)) {
    if (kind !== "listener") return "applyTo for listener class objects cannot have non listener match";
    const filter = listener?.filterChain?.filter;
    return filter === undefined ? undefined : filterFault(filter, applyTo, field, report);
  }
  if (routeKinds.includes(applyTo) && kind !== "route")
    return "applyTo for http route class objects cannot have non route configuration match";
  return applyTo === "CLUSTER" && kind !== "cluster"
    ? "applyTo for cluster class objects cannot have non cluster match"
    : undefined;
}

function filterFault(filter: Filter, applyTo: string, field: string, report: Report): string | undefined {
  const at = `${field}.match.listener.filterChain.filter`;
  const name = filter.name ?? "";
  if (applyTo === "LISTENER" || applyTo === "FILTER_CHAIN")
    report.warn(at, `Envoy filter: filter match has no effect when used with ${applyTo}`);
  if (name === "") return "filter match has no name to match on";
  if (filter.subFilter !== undefined) {
    if (applyTo !== "HTTP_FILTER") return "subfilter match can be used with applyTo HTTP_FILTER only";
    if (name !== connectionManager && name !== "envoy.http_connection_manager")
      return `subfilter match requires filter match with ${connectionManager}`;
    if ((filter.subFilter.name ?? "") === "") return "subfilter match has no name to match on";
  }
  for (const used of [name, filter.subFilter?.name ?? ""]) {
    const renamed = Object.hasOwn(deprecatedNames, used) ? deprecatedNames[used] : undefined;
    if (renamed !== undefined)
      report.warn(at, `using deprecated filter name ${quote(used)}; use ${quote(renamed)} instead`);
  }
  return undefined;
}
