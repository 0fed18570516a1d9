import type { EventsDropped, MeshEvent, Party } from "../model/event.ts";
import { levelOf, logLevels } from "./log-level.ts";

/** What a field of the filter language looks at: texts of which any may match, or a number for comparisons. */
export interface FieldReader {
  readonly name: string;
  /** One line for help texts. */
  readonly about: string;
  readonly kind: "text" | "number" | "status" | "duration" | "level" | "time";
  /** Values to offer while a filter is typed; those that only a running mesh knows are added by `completeFilter`. */
  readonly values?: readonly string[];
  readonly read: (event: MeshEvent | EventsDropped) => readonly (string | number)[];
}

type Filterable = MeshEvent | EventsDropped;

const traffic = (event: Filterable) =>
  event.type === "exchange.completed" || event.type === "connection.closed" ? event : undefined;
const exchange = (event: Filterable) => (event.type === "exchange.completed" ? event : undefined);
const handshake = (event: Filterable) =>
  event.type === "handshake.completed" || event.type === "handshake.failed" ? event : undefined;

/** The names by which a party may be called: workload `web-1`, its service `web`, its address, its SPIFFE id. */
function partyNames(party: Party): readonly string[] {
  return [...workloadNames(party.workload), party.address, ...(party.spiffe === null ? [] : [party.spiffe])];
}

/** `web-1.shop` is also `web-1`, `web` and `web.shop`. */
function workloadNames(id: string | null): readonly string[] {
  if (id === null) return ["outside"];
  const [name = id, namespace] = id.split(".", 2);
  const service = name.replace(/-\d+$/, "").replace(/#.*$/, "");
  const short = [name, service];
  return [...new Set([id, ...short, ...(namespace === undefined ? [] : [`${service}.${namespace}`])])];
}

function parties(event: Filterable): { readonly from: Party; readonly to: Party } | undefined {
  return traffic(event) ?? handshake(event);
}

function verdictWords(event: Filterable): readonly string[] {
  const verdict = traffic(event)?.decision?.verdict;
  if (verdict === "allow") return ["allow", "allowed"];
  if (verdict === "deny") return ["deny", "denied"];
  if (event.type === "handshake.failed") return ["refused", "deny", "denied"];
  return [];
}

function policyNames(event: Filterable): readonly string[] {
  const decision = traffic(event)?.decision;
  if (decision === undefined || decision === null) return [];
  const rules = decision.by === null ? [...decision.tried, ...(decision.empty ?? [])] : [decision.by];
  return rules.flatMap((rule) => [
    rule.resource,
    rule.resource.replace(/^\S+ /, ""),
    rule.resource.replace(/^.*\//, ""),
  ]);
}

function tlsWords(event: Filterable): readonly string[] {
  const shaken = handshake(event);
  if (shaken === undefined) return [];
  if (shaken.type === "handshake.failed")
    return ["failed", shaken.failure?.step ?? "failed", shaken.failure?.reason ?? "failed"];
  return ["ok", "completed", ...present(shaken.tls.version), ...(shaken.tls.resumed ? ["resumed"] : [])];
}

function present<T>(value: T | null | undefined): readonly T[] {
  return value === null || value === undefined ? [] : [value];
}

function workloadsOf(event: Filterable): readonly string[] {
  const both = parties(event);
  if (both !== undefined) return [...workloadNames(both.from.workload), ...workloadNames(both.to.workload)];
  if ("workload" in event) return workloadNames(event.workload);
  if ("proxy" in event) return workloadNames(event.proxy);
  return [];
}

/** The fields of the filter language, in the order in which help lists them. */
export const filterFields: readonly FieldReader[] = [
  {
    name: "from",
    about: "caller: workload, service, address or SPIFFE id",
    kind: "text",
    read: (event) => present(parties(event)).flatMap(({ from }) => partyNames(from)),
  },
  {
    name: "to",
    about: "callee, likewise",
    kind: "text",
    read: (event) => present(parties(event)).flatMap(({ to }) => partyNames(to)),
  },
  {
    name: "svc",
    about: "a service or workload at either end, or whose line it is",
    kind: "text",
    read: workloadsOf,
  },
  {
    name: "method",
    about: "HTTP method",
    kind: "text",
    values: ["GET", "POST", "PUT", "DELETE"],
    read: (event) => present(exchange(event)?.method),
  },
  {
    name: "host",
    about: "authority that the request named, with its port or without",
    kind: "text",
    read: (event) => {
      const authority = exchange(event)?.authority;
      return authority === undefined ? [] : [authority, authority.replace(/:\d+$/, "")];
    },
  },
  { name: "path", about: "path with its query", kind: "text", read: (event) => present(exchange(event)?.path) },
  {
    name: "status",
    about: "HTTP status: 403, 4xx, >=500",
    kind: "status",
    values: ["2xx", "4xx", "5xx", "403", "503"],
    read: (event) => present(exchange(event)?.status),
  },
  {
    name: "verdict",
    about: "allowed or denied by policy; refused: a handshake failed",
    kind: "text",
    values: ["allowed", "denied", "refused"],
    read: verdictWords,
  },
  { name: "policy", about: "a policy that decided, or was tried in vain", kind: "text", read: policyNames },
  {
    name: "rule",
    about: "index of the deciding rule",
    kind: "number",
    read: (event) => present(traffic(event)?.decision?.by?.rule),
  },
  {
    name: "gen",
    about: "configuration generation",
    kind: "number",
    read: (event) => ("generation" in event ? [event.generation] : []),
  },
  {
    name: "tls",
    about: "of handshakes: ok, failed, resumed, a version, or the failed step",
    kind: "text",
    values: ["ok", "failed", "resumed", "TLSv1.3", "plaintext", "verify", "identity"],
    read: tlsWords,
  },
  {
    name: "alert",
    about: "TLS alert of a failed handshake",
    kind: "text",
    read: (event) => present(handshake(event)?.failure?.alert),
  },
  {
    name: "sni",
    about: "server name of the handshake",
    kind: "text",
    read: (event) => present(handshake(event)?.tls.sni),
  },
  {
    name: "peer",
    about: "SPIFFE id of either end",
    kind: "text",
    read: (event) => {
      const both = parties(event);
      const certified = handshake(event)?.peer?.sans ?? [];
      return both === undefined ? [] : [...present(both.from.spiffe), ...present(both.to.spiffe), ...certified];
    },
  },
  {
    name: "proto",
    about: "http, tcp or what the sidecar saw: HTTP/1.1, HTTP/2",
    kind: "text",
    values: ["http", "tcp", "HTTP/1.1", "HTTP/2"],
    read: (event) => {
      if (event.type === "connection.closed") return ["tcp"];
      const protocol = exchange(event)?.protocol;
      return protocol === undefined ? [] : [protocol, "http"];
    },
  },
  {
    name: "flag",
    about: "Envoy's response flag",
    kind: "text",
    values: ["UF", "UH", "NR", "UO", "UT", "DI", "DC"],
    read: (event) => present(traffic(event)?.flags).flatMap((flags) => flags.split(",")),
  },
  {
    name: "dur",
    about: "duration: >200ms, <1s",
    kind: "duration",
    read: (event) => {
      if (event.type === "exchange.completed") return [event.timing.total];
      return event.type === "connection.closed" ? [event.ms] : present(handshake(event)?.ms);
    },
  },
  {
    name: "request",
    about: "x-request-id: every hop of one request",
    kind: "text",
    read: (event) => present(exchange(event)?.requestId),
  },
  {
    name: "side",
    about: "who saw it: inbound or outbound sidecar, client or server of a handshake",
    kind: "text",
    values: ["inbound", "outbound", "client", "server"],
    read: (event) => present(traffic(event)?.side ?? handshake(event)?.side),
  },
  {
    name: "stream",
    about: "stdout or stderr of a log line",
    kind: "text",
    values: ["stdout", "stderr"],
    read: (event) => (event.type === "workload.logged" ? [event.stream] : []),
  },
  {
    name: "level",
    about: "what a log line says of itself: warn, or warn+ for that and worse",
    kind: "level",
    values: logLevels.map((level) => `${level}+`),
    read: (event) => (event.type === "workload.logged" ? present(levelOf(event.line)) : []),
  },
  {
    name: "since",
    about: "not older than 30s, 5m, 1h; since:mark counts from the last m",
    kind: "time",
    values: ["mark", "30s", "5m"],
    read: (event) => ("at" in event ? [Date.parse(event.at)] : []),
  },
  { name: "id", about: "id of one event", kind: "text", read: (event) => ("id" in event ? [event.id] : []) },
  {
    name: "type",
    about: "event type, or its first word: handshake.failed, exchange",
    kind: "text",
    values: ["exchange", "connection", "handshake", "workload", "mesh", "svid"],
    read: (event) => [event.type, event.type.replace(/\..*$/, "")],
  },
];

/** What a bare word is looked up in: everything that a row of a list shows. */
export function rowText(event: Filterable): string {
  const both = parties(event);
  const ends = both === undefined ? workloadsOf(event) : [...partyNames(both.from), ...partyNames(both.to)];
  return [event.type, ...ends, ...details(event)].join(" ");
}

function details(event: Filterable): readonly (string | number)[] {
  switch (event.type) {
    case "exchange.completed":
      return [
        event.method,
        event.authority,
        event.path,
        event.status,
        event.flags,
        event.details,
        ...verdictWords(event),
        ...policyNames(event),
      ];
    case "connection.closed":
      return [event.flags, event.details, ...verdictWords(event), ...policyNames(event)];
    case "handshake.completed":
    case "handshake.failed":
      return [...present(event.tls.sni), ...present(event.failure?.reason), ...present(event.failure?.alert)];
    case "workload.logged":
      return [event.line];
    case "workload.changed":
      return [event.state.phase];
    case "mesh.loaded":
      return event.changes;
    case "mesh.rejected":
    case "problems.changed":
      return event.problems.flatMap((problem) => [problem.code, problem.message]);
    case "bypass.seen":
      return [event.what];
    case "listener.bound":
    case "listener.failed":
      return [event.address, ...present(event.error)];
    case "svid.issued":
    case "svid.rotated":
      return [...present(event.certificate.spiffe), event.certificate.serial];
    case "dataplane.started":
    case "dataplane.lost":
      return [event.pid, ...present(event.reason)];
    case "save.compared":
      return event.comparison.flips.flatMap(({ from, to, path }) => [
        ...partyNames(from),
        ...partyNames(to),
        path ?? "",
      ]);
    case "snapshot.applied":
    case "traffic.counted":
    case "usage.measured":
    case "events.dropped":
      return [];
  }
}
