import type {
  Destination,
  Headers,
  HttpMatchRequest,
  HttpRedirect,
  HttpRoute,
  HttpRouteDestination,
  VirtualService,
} from "../model/istio-networking.ts";
import type { Mesh, Service, Workload } from "../model/mesh.ts";
import { provenance, type Provenance } from "../model/resource.ts";
import type { Route, RouteAction, RouteHeaders, RouteMatch, RouteRewrite, WeightedCluster } from "../model/snapshot.ts";
import { parseDuration } from "./duration.ts";
import { resolveHost } from "./hostname.ts";
import { compileFault, compileRetry } from "./resilience.ts";
import { anyRequest, compileMatch, holdsStatically, isCatchAll } from "./route-match.ts";

/** What decides which rules a client gets on one port. */
export interface RouteContext {
  readonly mesh: Mesh;
  readonly client: Pick<Workload, "namespace" | "labels">;
  /** Port of the listener. */
  readonly port: number;
  /** Services that have this port, by hostname; aliases included (errata traffic A1, A2). */
  readonly services: ReadonlyMap<string, Service>;
}

/**
 * The routes of a VirtualService on one port: each match entry is a route; nothing follows a catch-all (spec traffic 2.1.3).
 * Empty: no rule survives, and the VirtualService counts as absent there (2.1.5).
 */
export function compileRoutes(resource: VirtualService, context: RouteContext): readonly Route[] {
  const routes: Route[] = [];
  for (const [index, rule] of (resource.spec.http ?? []).entries()) {
    const field = `spec.http[${index}]`;
    const matches = rule.match ?? [];
    // Delegation is not acted on: like a delegate that is missing, the item is left out (spec traffic 2.13.2).
    if (rule.delegate !== undefined) continue;
    if (matches.length === 0) {
      routes.push(compileRoute(resource, rule, undefined, provenance(resource, field), context));
      return routes;
    }
    for (const [entry, match] of matches.entries()) {
      if (!holdsStatically(match, context)) continue;
      const from = provenance(resource, `${field}.match[${entry}]`);
      const route = compileRoute(resource, rule, match, from, context);
      routes.push(route);
      if (isCatchAll(route.match)) return routes;
    }
  }
  return routes;
}

/** The route of a service that no VirtualService governs (spec traffic 2.1.12). */
export function defaultRoute(mesh: Mesh, service: Service, port: number): Route {
  return {
    name: "default",
    match: anyRequest,
    action: { kind: "clusters", weighted: false, clusters: [plainCluster(clusterName(port, "", service.hostname))] },
    rewrite: undefined,
    timeoutMs: undefined,
    retry: compileRetry(undefined, mesh.config.defaultHttpRetryPolicy),
    fault: undefined,
    headers: noHeaders,
    decorator: `${service.hostname}:${port}/*`,
    provenance: undefined,
  };
}

export function clusterName(port: number, subset: string, host: string): string {
  return `outbound|${port}|${subset}|${host}`;
}

export const noHeaders: RouteHeaders = { request: undefined, response: undefined };

export function plainCluster(cluster: string): WeightedCluster {
  return { cluster, weight: 1, headers: noHeaders, hostRewrite: undefined };
}

function compileRoute(
  resource: VirtualService,
  rule: HttpRoute,
  match: HttpMatchRequest | undefined,
  from: Provenance,
  context: RouteContext,
): Route {
  const name = match?.name === undefined || match.name === "" ? (rule.name ?? "") : `${rule.name ?? ""}.${match.name}`;
  const compiled = match === undefined ? anyRequest : compileMatch(match);
  const action = compileAction(resource, rule, context);
  return {
    name,
    match: compiled,
    action,
    rewrite: compileRewrite(rule, action),
    timeoutMs: parseDuration(rule.timeout),
    retry:
      action.kind === "clusters" ? compileRetry(rule.retries, context.mesh.config.defaultHttpRetryPolicy) : undefined,
    fault: action.kind === "clusters" ? compileFault(rule.fault) : undefined,
    headers: compileHeaders(rule.headers),
    decorator: decoratorOf(resource, compiled, action, context.port),
    provenance: from,
  };
}

function compileAction(resource: VirtualService, rule: HttpRoute, context: RouteContext): RouteAction {
  if (rule.redirect !== undefined) return compileRedirect(rule.redirect, context.port);
  if (rule.directResponse !== undefined) {
    const { status, body } = rule.directResponse;
    return { kind: "direct", status, body: body?.string ?? decodeBase64(body?.bytes) };
  }
  const destinations = rule.route ?? [];
  const weighted = destinations.length !== 1;
  return {
    kind: "clusters",
    weighted,
    clusters: destinations
      .filter((destination) => !weighted || (destination.weight ?? 0) > 0)
      .map((destination) => compileDestination(resource, destination, weighted, context)),
  };
}

function compileDestination(
  resource: VirtualService,
  destination: HttpRouteDestination,
  weighted: boolean,
  context: RouteContext,
): WeightedCluster {
  return {
    cluster: destinationCluster(destination.destination, resource.namespace, context),
    weight: destination.weight ?? 0,
    headers: compileHeaders(destination.headers),
    hostRewrite: weighted ? headerAuthority(destination.headers) : undefined,
  };
}

/** Without a port the listener's counts; an alias is followed only when it has the listener's port itself (errata traffic A1, A2). */
function destinationCluster(destination: Destination, namespace: string, context: RouteContext): string {
  const host = resolveHost(destination.host, namespace);
  const alias = context.services.get(host)?.externalName;
  return clusterName(destination.port?.number ?? context.port, destination.subset ?? "", alias ?? host);
}

const supportedRedirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function compileRedirect(redirect: HttpRedirect, listenerPort: number): RouteAction {
  const status = redirect.redirectCode ?? 0;
  // Istio has no translation for other codes, and Envoy refuses the route (errata traffic B7): answer, but lead nowhere.
  if (status !== 0 && !supportedRedirects.has(status)) return { kind: "direct", status: 500, body: undefined };
  const port = redirect.port ?? (redirect.derivePort === "FROM_REQUEST_PORT" ? listenerPort : undefined);
  const scheme = nonEmpty(redirect.scheme);
  // The well-known port of the scheme is never written (spec traffic 2.4.3, errata A9).
  const implied = (port === 80 && (scheme ?? "http") === "http") || (port === 443 && scheme === "https");
  return {
    kind: "redirect",
    status: status === 0 ? 301 : status,
    scheme,
    host: nonEmpty(redirect.authority),
    port: implied || port === 0 ? undefined : port,
    path: nonEmpty(redirect.uri),
    prefixRewrite: nonEmpty(redirect.prefixRewrite),
  };
}

/** `rewrite.authority` beats a host among the route's headers, which beats one of a single destination (spec traffic 2.6.3). */
function compileRewrite(rule: HttpRoute, action: RouteAction): RouteRewrite | undefined {
  if (action.kind !== "clusters") return undefined;
  const { rewrite } = rule;
  const single = action.weighted ? undefined : headerAuthority(rule.route?.[0]?.headers);
  const host = nonEmpty(rewrite?.authority) ?? headerAuthority(rule.headers) ?? single;
  const regex = rewrite?.uriRegexRewrite;
  const path = nonEmpty(rewrite?.uri);
  if (host === undefined && path === undefined && regex === undefined) return undefined;
  return {
    host,
    path,
    regex: regex === undefined ? undefined : { source: regex.match ?? "", substitution: regex.rewrite ?? "" },
  };
}

/** `host` or `:authority` among request headers is a host rewrite; `set` wins over `add` (spec traffic 2.6.3, 2.7.3). */
function headerAuthority(headers: Headers | undefined): string | undefined {
  for (const values of [headers?.request?.set, headers?.request?.add]) {
    for (const [name, value] of Object.entries(values ?? {})) {
      if (name.toLowerCase() === "host" || name === ":authority") return value;
    }
  }
  return undefined;
}

function compileHeaders(headers: Headers | undefined): RouteHeaders {
  return headers === undefined ? noHeaders : { request: headers.request, response: headers.response };
}

/** Name of the operation: the one destination, or the VirtualService when there are several, and the path condition (spec traffic 5.2.4). */
function decoratorOf(resource: VirtualService, match: RouteMatch, action: RouteAction, port: number): string {
  const { path } = match;
  const glob =
    path === undefined || path.kind === "present"
      ? "/*"
      : path.kind === "prefix"
        ? `${path.value}*`
        : path.kind === "exact"
          ? path.value
          : path.source;
  const only = action.kind === "clusters" && !action.weighted ? action.clusters[0]?.cluster.split("|") : undefined;
  return only === undefined ? `${resource.name}:${port}${glob}` : `${only[3] ?? ""}:${only[1] ?? ""}${glob}`;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function decodeBase64(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text, "base64").toString("utf8");
}
