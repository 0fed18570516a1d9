import type { Decision, DecisionRecord, RequestFacts } from "../model/decision.ts";
import type { ExtAuthzCall } from "../model/ext-authz.ts";
import type { JsonObject } from "../model/jwt.ts";
import type { PolicySet } from "../model/policy.ts";
import type { Provenance } from "../model/resource.ts";

/** A request or connection that reached a program. */
export interface Hit {
  readonly workload: string;
  readonly port: number;
  readonly kind: "http" | "tcp" | "ext-authz-http" | "ext-authz-grpc";
  readonly method?: string;
  readonly uri?: string;
  readonly host?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  /** As the program saw it: `HTTP/1.1`, `HTTP/2.0`. */
  readonly proto?: string;
  readonly data?: string;
  /** SNI that the program itself saw. */
  readonly sni?: string;
  readonly tls?: string;
}

/** What one proxy would write into its access log. */
export interface ProxyFacts {
  readonly proxy: string;
  readonly side: "inbound" | "outbound";
  /** Workload port at which no chain took a connection; absent: one did. */
  readonly refusedAt?: number;
  /** 0 for what is not HTTP. */
  readonly code: number;
  readonly details: string | undefined;
  readonly flags: string | undefined;
  readonly route: string | undefined;
  readonly cluster: string | undefined;
  /** Verified caller, seen by a server. */
  readonly peer: string | undefined;
  /** Verified server, seen by a client. */
  readonly upstreamPeer: string | undefined;
  readonly sni: string | undefined;
  readonly attempts: number;
  /** Of the request; undefined: not HTTP. */
  readonly protocol?: string | undefined;
  /** Towards the server; undefined: no connection came about. */
  readonly upstreamProtocol?: string | undefined;
  readonly path: string | undefined;
  readonly filterChain: string | undefined;
  /** How a TCP connection was ended by policy. */
  readonly termination: string | undefined;
  readonly decision: DecisionRecord | undefined;
  /** Payload of a verified token, as policies see it. */
  readonly jwt?: JsonObject | undefined;
  /** What external authorizers were asked; absent: nobody was. */
  readonly extAuthz?: readonly ExtAuthzCall[];
  /** Fields that caused a refusal below policy. */
  readonly because: readonly Provenance[];
}

/** One decision of a sidecar, with the policies and the request that it was made of. */
export interface Judged {
  readonly proxy: string;
  readonly policies: PolicySet;
  readonly decision: Decision;
  /** As the policies saw it. */
  readonly facts: RequestFacts;
}

/** Everything that happens to one call, in order. */
export interface Trace {
  readonly hits: Hit[];
  readonly proxies: ProxyFacts[];
  readonly judged: Judged[];
  /** A sidecar that let nobody speak: what its port takes, and why; absent: none did. */
  refusal?: { readonly proxy: string; readonly reason: string; readonly because: readonly Provenance[] };
  /** External authorizers that were taken to agree, because nobody asked them; absent: none. */
  dependsOn?: string[];
}

export function createTrace(): Trace {
  return { hits: [], proxies: [], judged: [] };
}
