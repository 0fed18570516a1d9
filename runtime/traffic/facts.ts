import type { Decision, PeerFacts, RequestFacts } from "../model/decision.ts";
import type { PolicySet } from "../model/policy.ts";
import type { ConnectionSeen, EffectiveMtlsMode, InboundListener } from "../model/snapshot.ts";
import { type Authorized, withAnswers } from "./ext-authz/authorized.ts";
import { enteredHeader } from "./request-headers.ts";
import type { InboundRequestContext } from "./request-headers.ts";
import { headerReader } from "../wire/http1/head.ts";
import type { RequestHead } from "../wire/http1/head.ts";

/** What is known of a connection before anything is decided: plain values, so that a record of it holds no socket. */
export interface ConnectionFacts {
  readonly peer: PeerFacts | undefined;
  readonly sourceIp: string;
  readonly destinationIp: string;
  readonly destinationPort: number;
  readonly sni: string | undefined;
  /** Where it came in, for explanations. */
  readonly listener?: Pick<InboundListener, "mode" | "because">;
  /** What the entry makes of a request's headers depends on it; undefined: they are seen as they came. */
  readonly entry?: Omit<InboundRequestContext, "requestId" | "options">;
  /** How it came in, for whoever asks what another snapshot would make of it. */
  readonly arrival?: Arrival;
}

export interface Arrival {
  readonly seen: ConnectionSeen;
  /** Of the listener that looked: without TLS in mind nobody looks for it. */
  readonly mode: EffectiveMtlsMode;
  readonly protocol: InboundListener["protocol"];
}

export function httpFacts(
  connection: ConnectionFacts,
  head: Pick<RequestHead, "method" | "authority" | "bytes" | "fields">,
  path: string,
  entered?: Pick<InboundRequestContext, "requestId" | "options">,
): RequestFacts {
  const { entry } = connection;
  const came = headerReader(head);
  // Named one by one: a copy of what an object happens to hold costs more than all the rest here.
  return {
    layer: "http",
    peer: connection.peer,
    sourceIp: connection.sourceIp,
    destinationIp: connection.destinationIp,
    destinationPort: connection.destinationPort,
    sni: connection.sni,
    method: () => head.method,
    authority: () => head.authority,
    path: () => path,
    header: entry === undefined || entered === undefined ? came : enteredHeader(came, entry, entered),
  };
}

/** A request that external authorizers may have changed and said something of. */
export function seenFacts(connection: ConnectionFacts, authorized: Authorized): RequestFacts {
  const { seen } = authorized;
  const plain: RequestFacts = {
    layer: "http",
    ...connection,
    method: () => seen.method,
    authority: () => seen.authority,
    path: () => seen.path,
    header: (name) => seen.headers.flatMap((entry) => (entry[0] === name ? [entry[1]] : [])),
  };
  return withAnswers(plain, authorized);
}

export function tcpFacts(connection: ConnectionFacts): RequestFacts {
  return { layer: "tcp", ...connection, method: nothing, authority: nothing, path: nothing, header: () => [] };
}

function nothing(): string {
  return "";
}

/** Envoy's response code details of a refusal (spec AP-67), without the cost of explaining it. */
export function denialDetails(set: PolicySet, decision: Decision): string {
  if (decision.reason === "ext-authz-denied") return "ext_authz_denied";
  if (decision.reason === "ext-authz-error") return "ext_authz_error";
  const policy = decision.by === undefined ? undefined : set.policies[decision.by.policy];
  const rule = decision.by === undefined ? undefined : policy?.rules[decision.by.rule];
  if (policy === undefined || rule === undefined) return "rbac_access_denied_matched_policy[none]";
  const suffix = policy.fault === undefined ? "" : "-deny-due-to-bad-CUSTOM-action";
  return `rbac_access_denied_matched_policy[${policy.id}-rule[${rule.index}]${suffix}]`.replaceAll(/\s/g, "_");
}
