import { assertNever } from "../core/assert-never.ts";
import type { HeaderEdit } from "../model/header-edit.ts";
import type {
  HttpOptions,
  OutboundListener,
  OutboundSection,
  RetryPolicy,
  Route,
  TcpRoute,
  VirtualHost,
} from "../model/snapshot.ts";
import { bindRoute, type BoundRoute } from "./bound-route.ts";
import { chooseCluster } from "./choose-cluster.ts";
import { decideFault } from "./fault.ts";
import { isGrpc } from "./grpc.ts";
import { copyEdit, editedValues, setHeader, type HeaderEditBuilder } from "./header-edit-builder.ts";
import type { FormatFacts } from "./header-format.ts";
import { applyPhases, type HeaderPhase } from "./header-operations.ts";
import { bindListeners, fallbackCluster } from "./listener.ts";
import { type LocalReply, localReply } from "./local-reply.ts";
import { redirectLocation } from "./redirect.ts";
import { outboundEntryEdit } from "./request-headers.ts";
import { headerOrPseudo, type RouteRequest } from "./request.ts";
import { bindRoutes } from "./route.ts";
import { bindTcpRoutes, type TcpChoice } from "./tcp-route.ts";
import { resolveTimeouts, timeoutHeaders, type Timeouts } from "./timeout.ts";
import { judgeUpgrade } from "./upgrade.ts";
import { bindRouteTable } from "./virtual-host.ts";

/** A request as the outbound proxy received it. */
export interface OutboundRequest {
  readonly method: string;
  readonly authority: string;
  /** Normalised path with its query. */
  readonly path: string;
  /** Lines as received; `name` is lower case. */
  readonly header: (name: string) => readonly string[];
  /** A fresh UUID, used when the application sent none. */
  readonly requestId: string;
  /** The protocol of an upgrade that the request asks for, lower case. */
  readonly upgrade: string | undefined;
  /** `ip:port` of the application. */
  readonly remoteAddress: string;
  /** `ip:port` that it dialled, and its port. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly protocol: string;
}

/** What every plan tells: the log's route and cluster, and how replies and responses are finished. */
interface PlanBase {
  /** Undefined: no route matched. */
  readonly route: Route | undefined;
  /** Name for logs; undefined where Envoy logs none. */
  readonly clusterName: string | undefined;
  /** Wait before doing anything (fault delay), 0 as a rule. The flag DI goes before all others; a reply has it already. */
  readonly delayMs: number;
  /** The path to show as original when it was rewritten. */
  readonly originalPath: string | undefined;
  /** The path as forwarded, with its query. */
  readonly path: string;
  readonly responsePhases: readonly HeaderPhase[];
  readonly facts: FormatFacts;
  readonly grpc: boolean;
  readonly options: HttpOptions;
}

export type OutboundPlan =
  | (PlanBase & { readonly kind: "reply"; readonly reply: LocalReply })
  | (PlanBase & {
      readonly kind: "forward";
      readonly route: Route;
      readonly clusterName: string;
      readonly authority: string;
      /** Edit of the first try; `editForTry` gives that of later ones. */
      readonly requestEdit: HeaderEditBuilder;
      readonly timeouts: Timeouts;
      readonly retry: RetryPolicy | undefined;
      /** Whether the request becomes a raw stream after a 101. */
      readonly upgrade: string | undefined;
    });

export type ForwardPlan = Extract<OutboundPlan, { kind: "forward" }>;

/** The outbound side of a snapshot, bound once: indices and closures instead of data. */
export interface BoundOutbound {
  readonly listener: (address: string, port: number) => OutboundListener | undefined;
  /** Clusters of which a connection that is not HTTP takes one, by `chooseByWeight`. */
  readonly tcp: (
    listener: OutboundListener | undefined,
    address: string,
    sni: string | undefined,
  ) => TcpRoute["clusters"];
  /** Plans one HTTP request that came in on `listener`. `draw`: [0, 1). */
  readonly plan: (listener: OutboundListener, request: OutboundRequest, draw: () => number) => OutboundPlan;
}

interface BoundTable {
  readonly host: (authority: string) => VirtualHost | undefined;
  readonly routes: (host: VirtualHost) => (request: RouteRequest) => Route | undefined;
}

/** Binds lazily: a table, a virtual host and a route cost something only when a request first meets them. */
export function bindOutbound(outbound: OutboundSection): BoundOutbound {
  const tables = new Map<string, BoundTable>();
  const bound = new Map<Route, BoundRoute>();
  const choices = new Map<OutboundListener, TcpChoice>();
  const tableOf = (name: string): BoundTable | undefined => {
    const known = tables.get(name);
    const table = outbound.routes[name];
    if (known !== undefined || table === undefined) return known;
    const matchers = new Map<VirtualHost, (request: RouteRequest) => Route | undefined>();
    const made: BoundTable = {
      host: bindRouteTable(table),
      routes: (host) => remember(matchers, host, () => bindRoutes(host)),
    };
    tables.set(name, made);
    return made;
  };
  return {
    listener: bindListeners(outbound),
    tcp: (listener, address, sni) => {
      if (listener?.tcp === undefined) return only(fallbackCluster(outbound, listener));
      const target = remember(choices, listener, () => bindTcpRoutes(listener))(address, sni);
      switch (target.kind) {
        case "route":
          return target.route.clusters;
        case "fallback":
          return only(fallbackCluster(outbound, listener));
        case "unclaimed":
          return only(fallbackCluster(outbound, undefined));
        default:
          return assertNever(target);
      }
    },
    plan: (listener, request, draw) => {
      const table = listener.routes === undefined ? undefined : tableOf(listener.routes);
      const { options } = outbound;
      const { requestId, localPort: port } = request;
      const edit = outboundEntryEdit(request.header, { requestId, port, options });
      const seen = routeRequest(request, edit);
      const host = table?.host(request.authority);
      const route = host === undefined ? undefined : table?.routes(host)(seen);
      return planRoute(outbound, route, (one) => remember(bound, one, () => bindRoute(one)), request, seen, edit, draw);
    },
  };
}

function only(cluster: string): TcpRoute["clusters"] {
  return [{ cluster, weight: 1 }];
}

/** The request's headers on a later try: its number, and the time that is left (spec traffic 5.2.3, 5.2.6a). */
export function editForTry(plan: ForwardPlan, attempt: number, elapsedMs: number): HeaderEdit {
  if (attempt === 1) return plan.requestEdit;
  const edit = copyEdit(plan.requestEdit);
  numberTry(edit, plan.options, attempt, plan.timeouts, elapsedMs);
  return edit;
}

function numberTry(
  edit: HeaderEditBuilder,
  options: HttpOptions,
  attempt: number,
  timeouts: Timeouts,
  elapsedMs: number,
): void {
  if (options.attemptCount) setHeader(edit, "x-envoy-attempt-count", `${attempt}`);
  for (const [name, value] of timeoutHeaders(timeouts, elapsedMs)) {
    if (options.debugHeaders || name === "grpc-timeout") setHeader(edit, name, value);
  }
}

/** The request as route conditions see it: after the proxy's own first changes (spec traffic 2.2.9). */
function routeRequest(request: OutboundRequest, edit: HeaderEditBuilder): RouteRequest {
  const header = (name: string): readonly string[] => editedValues(edit, request.header, name);
  const proto = request.header("x-forwarded-proto").at(-1)?.toLowerCase();
  return {
    method: request.method,
    authority: request.authority,
    path: request.path,
    scheme: proto === "https" ? "https" : "http",
    header,
  };
}

function planRoute(
  outbound: OutboundSection,
  route: Route | undefined,
  bind: (route: Route) => BoundRoute,
  request: OutboundRequest,
  seen: RouteRequest,
  edit: HeaderEditBuilder,
  draw: () => number,
): OutboundPlan {
  const grpc = isGrpc(request.header);
  const factsOf = (upstreamCluster: string): FormatFacts => ({
    request: (name) => headerOrPseudo(seen, name)[0],
    downstreamRemoteAddress: request.remoteAddress,
    downstreamLocalAddress: request.localAddress,
    protocol: request.protocol,
    routeName: route?.name ?? "",
    upstreamCluster,
  });
  const replied = (reply: LocalReply, told: Partial<PlanBase> = {}): OutboundPlan => ({
    kind: "reply",
    route,
    clusterName: undefined,
    delayMs: 0,
    originalPath: undefined,
    path: request.path,
    responsePhases: [],
    facts: factsOf(""),
    grpc,
    options: outbound.options,
    ...told,
    reply,
  });
  const upgrade = judgeUpgrade(request.upgrade);
  if (upgrade === "refused") {
    const clusterName = route?.action.kind === "clusters" ? route.action.clusters[0]?.cluster : undefined;
    return replied(localReply({ kind: "upgrade-failed" }), { clusterName });
  }
  if (route === undefined || request.method === "CONNECT")
    return replied(localReply({ kind: "route-not-found" }), { route: undefined });
  const bound = bind(route);
  const { action } = route;
  const phasesOf = (index: number): BoundRoute["phases"][number] => bound.phases[index] ?? noPhases;
  switch (action.kind) {
    case "direct":
      return replied(localReply({ kind: "direct-response", status: action.status, body: action.body ?? "" }), {
        responsePhases: phasesOf(0).response,
      });
    case "redirect": {
      const path = bound.redirectRewrite?.(request.path) ?? request.path;
      const location = redirectLocation(action, seen, path);
      return replied(localReply({ kind: "redirect", status: action.status, location }), {
        path,
        originalPath: bound.redirectRewrite === undefined ? undefined : request.path,
        responsePhases: phasesOf(0).response,
      });
    }
    case "clusters":
      break;
    default:
      return assertNever(action);
  }

  const chosen = chooseCluster(action.clusters, draw);
  const phases = phasesOf(chosen === undefined ? 0 : action.clusters.indexOf(chosen));
  const clusterName = chosen?.cluster ?? "";
  const facts = factsOf(clusterName);
  const fault = decideFault(route.fault, draw);
  const { delayMs } = fault;
  if (fault.abort !== undefined) {
    const { status, grpcStatus } = fault.abort;
    const cause =
      grpcStatus === undefined ? { status, delayed: delayMs > 0 } : { status, delayed: delayMs > 0, grpcStatus };
    const told = { clusterName, delayMs, facts, responsePhases: phases.response };
    return replied(localReply({ kind: "fault-abort", ...cause }), told);
  }
  // A cluster that does not exist has no name in the log (errata traffic C4).
  if (outbound.clusters[clusterName] === undefined) {
    const reply = localReply({ kind: "cluster-not-found" });
    const flags = delayMs > 0 ? ["DI", ...reply.flags] : reply.flags;
    return replied({ ...reply, flags }, { delayMs, facts, responsePhases: phases.response });
  }

  if (route.decorator !== undefined) setHeader(edit, "x-envoy-decorator-operation", route.decorator);
  const timeouts = resolveTimeouts(
    route.timeoutMs,
    route.retry?.perTryTimeoutMs,
    grpc,
    request.header("grpc-timeout")[0],
  );
  const { options } = outbound;
  numberTry(edit, options, 1, timeouts, 0);
  applyPhases(phases.request, edit, facts);

  const hostRewrite = route.rewrite?.host ?? chosen?.hostRewrite;
  // Only the route's own rewrite leaves the original host behind (errata traffic C3).
  if (route.rewrite?.host !== undefined && request.authority !== "" && options.debugHeaders) {
    setHeader(edit, "x-envoy-original-host", request.authority);
  }
  if (hostRewrite !== undefined && request.authority !== "" && options.forwardedHost) {
    const earlier = editedValues(edit, request.header, "x-forwarded-host");
    setHeader(edit, "x-forwarded-host", [...earlier, request.authority].join(","));
  }
  const path = bound.rewrite?.(request.path) ?? request.path;
  if (bound.rewrite !== undefined && options.debugHeaders) setHeader(edit, "x-envoy-original-path", request.path);
  return {
    kind: "forward",
    route,
    clusterName,
    responsePhases: phases.response,
    facts,
    grpc,
    options,
    delayMs,
    path,
    originalPath: bound.rewrite === undefined ? undefined : request.path,
    authority: hostRewrite ?? request.authority,
    requestEdit: edit,
    timeouts,
    retry: route.retry,
    upgrade: upgrade === "accepted" ? request.upgrade : undefined,
  };
}

const noPhases: BoundRoute["phases"][number] = { request: [], response: [] };

function remember<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}
