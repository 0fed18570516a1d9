import type { Problem } from "../core/problem.ts";
import type { ExtAuthzCall } from "./ext-authz.ts";
import type { DecisionRecord } from "./decision.ts";
import type { Comparison } from "./flips.ts";
import type { Provenance } from "./resource.ts";
import type { MeshView, ResourceUsage, TrafficCounts, WorkloadState } from "./state.ts";

/** Published as NDJSON (`meshdev schema events`). Fields may be added, never renamed. Secrets never appear. */

export interface Stamp {
  /** `h-91`, `r-4711`: unique in one mesh. */
  readonly id: string;
  /** ISO 8601 with milliseconds. */
  readonly at: string;
  readonly generation: number;
}

export interface Party {
  /** Workload id; null for an address outside the mesh. */
  readonly workload: string | null;
  /** Model address and port, or the real one of an outsider. */
  readonly address: string;
  readonly spiffe: string | null;
}

export interface CertificateFacts {
  readonly spiffe: string | null;
  readonly sans: readonly string[];
  readonly serial: string;
  readonly issuer: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** Lower-case hex SHA-256 of the DER. */
  readonly sha256: string;
  /** What was presented with it, its issuer first; usually without the root. */
  readonly chain: readonly IssuerFacts[];
}

/** A certificate above a leaf. */
export interface IssuerFacts {
  readonly subject: string;
  readonly serial: string;
  readonly notAfter: string;
}

export interface TlsFacts {
  readonly version: string | null;
  readonly cipher: string | null;
  readonly alpn: string | null;
  readonly sni: string | null;
  readonly resumed: boolean;
}

export interface HandshakeFailure {
  readonly step: "plaintext" | "client-hello" | "certificate" | "verify" | "identity" | "alpn" | "transport";
  /** The alert Envoy would send, `certificate_required`; null when it would close without one. */
  readonly alert: string | null;
  /** In words: "plaintext under STRICT". */
  readonly reason: string;
  readonly because: readonly Provenance[];
}

export interface HandshakeEvent extends Stamp {
  readonly type: "handshake.completed" | "handshake.failed";
  readonly side: "client" | "server";
  readonly from: Party;
  readonly to: Party;
  readonly tls: TlsFacts;
  readonly local: CertificateFacts | null;
  readonly peer: CertificateFacts | null;
  /** Milliseconds from the first byte to the end. */
  readonly ms: number;
  readonly failure: HandshakeFailure | null;
}

/** As access logs say it. */
export type HttpVersion = "HTTP/1.0" | "HTTP/1.1" | "HTTP/2";

/** One HTTP exchange, seen by one proxy; both sides of a call report one each, joined by `requestId`. */
export interface ExchangeEvent extends Stamp {
  readonly type: "exchange.completed";
  readonly proxy: string;
  readonly side: "outbound" | "inbound";
  readonly protocol: string;
  readonly from: Party;
  readonly to: Party;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  /** Path before normalisation and rewriting; null when equal. */
  readonly originalPath: string | null;
  readonly requestId: string | null;
  readonly status: number;
  /** Envoy's response flags, `-` for none. */
  readonly flags: string;
  readonly details: string;
  /** Id of the handshake the request came through (inbound) or left by (outbound). */
  readonly handshake: string | null;
  readonly route: string | null;
  readonly routeAt: Provenance | null;
  readonly cluster: string | null;
  readonly endpoint: string | null;
  readonly attempts: number;
  readonly timing: { readonly total: number; readonly upstream: number };
  readonly bytes: { readonly in: number; readonly out: number };
  /** Null on the outbound side: only the server's sidecar decides. */
  readonly decision: DecisionRecord | null;
  /** What external authorizers were asked, in order; null or absent: nobody was. */
  readonly extAuthz?: readonly ExtAuthzCall[] | null;
  /** Request headers, secrets redacted; only when a subscriber asked for them. */
  readonly headers: Readonly<Record<string, string>> | null;
  /** Id of the exchange that was sent again, as this sidecar had seen it; only in a replay. */
  readonly replayOf?: string;
}

/** One connection that is not HTTP for its proxy, or one that was closed before it could become anything. */
export interface ConnectionEvent extends Stamp {
  readonly type: "connection.closed";
  readonly proxy: string;
  readonly side: "outbound" | "inbound";
  readonly from: Party;
  readonly to: Party;
  readonly flags: string;
  readonly details: string;
  readonly handshake: string | null;
  /** Server name in the caller's ClientHello, also of TLS that is passed on untouched. */
  readonly sni: string | null;
  readonly cluster: string | null;
  readonly endpoint: string | null;
  readonly ms: number;
  readonly bytes: { readonly in: number; readonly out: number };
  readonly decision: DecisionRecord | null;
  /** What external authorizers were asked, in order; null or absent: nobody was. */
  readonly extAuthz?: readonly ExtAuthzCall[] | null;
}

export interface WorkloadChanged extends Stamp {
  readonly type: "workload.changed";
  readonly workload: string;
  readonly state: WorkloadState;
}

export interface WorkloadLogged extends Stamp {
  readonly type: "workload.logged";
  readonly workload: string;
  readonly stream: "stdout" | "stderr";
  readonly line: string;
}

export interface MeshLoaded extends Stamp {
  readonly type: "mesh.loaded";
  /** What changed against the last generation, `AuthorizationPolicy default/backend-allow changed`. */
  readonly changes: readonly string[];
  /** Inside resources that were there before, field by field; of a large edit only the first. */
  readonly differences: readonly FieldChange[];
  /** All problems that stand now, not only those of this change. */
  readonly problems: readonly Problem[];
  /** The static part of the state from this generation on. */
  readonly view: MeshView;
}

export interface FieldChange {
  /** `AuthorizationPolicy default/backend-allow` */
  readonly resource: string;
  /** `spec.rules[0].to[0].operation.methods` */
  readonly field: string;
  /** JSON; null where the field was not there. Long values are cut. */
  readonly before: string | null;
  readonly after: string | null;
}

/** Nothing of the change went live. */
export interface MeshRejected extends Stamp {
  readonly type: "mesh.rejected";
  readonly problems: readonly Problem[];
}

/** Every proxy has acknowledged, or `waiting` names those that have not. */
export interface SnapshotApplied extends Stamp {
  readonly type: "snapshot.applied";
  readonly live: number;
  readonly total: number;
  /** Milliseconds from the file's change event to the last ACK; null for the first generation. */
  readonly ms: number | null;
  readonly waiting: readonly string[];
}

/** What a save changed for the calls that were made last; told as soon as it is known. */
export interface SaveCompared extends Stamp {
  readonly type: "save.compared";
  readonly comparison: Comparison;
}

export interface SvidEvent extends Stamp {
  readonly type: "svid.issued" | "svid.rotated";
  readonly proxy: string;
  readonly certificate: CertificateFacts;
  /** When the next one is to be asked for. */
  readonly rotateAt: string;
}

export interface ListenerBound extends Stamp {
  readonly type: "listener.bound" | "listener.failed";
  readonly proxy: string;
  readonly address: string;
  readonly error: string | null;
  /** It listens, but there is no room for more connections. */
  readonly full?: boolean;
}

/** A meshed program was seen to connect past its sidecar, or to listen in the open. */
export interface BypassSeen extends Stamp {
  readonly type: "bypass.seen";
  readonly workload: string;
  readonly what: string;
}

export interface DataPlaneChanged extends Stamp {
  readonly type: "dataplane.started" | "dataplane.lost";
  readonly pid: number;
  readonly reason: string | null;
}

/** The whole list of problems that stand now; comes with everything that changes it outside of a load. */
export interface ProblemsChanged extends Stamp {
  readonly type: "problems.changed";
  readonly problems: readonly Problem[];
}

/** Running totals since the start of the mesh, by proxy; at most once a second, only while they change. */
export interface TrafficCounted extends Stamp {
  readonly type: "traffic.counted";
  readonly counts: Readonly<Record<string, TrafficCounts>>;
}

/** What programs use, by workload. */
export interface UsageMeasured extends Stamp {
  readonly type: "usage.measured";
  readonly usage: Readonly<Record<string, ResourceUsage>>;
}

export interface EventsDropped {
  readonly type: "events.dropped";
  readonly count: number;
}

export type MeshEvent =
  | HandshakeEvent
  | ExchangeEvent
  | ConnectionEvent
  | WorkloadChanged
  | WorkloadLogged
  | MeshLoaded
  | MeshRejected
  | SnapshotApplied
  | SaveCompared
  | SvidEvent
  | ListenerBound
  | BypassSeen
  | DataPlaneChanged
  | ProblemsChanged
  | TrafficCounted
  | UsageMeasured;

/** A line of the stream: `seq` counts per subscriber without a gap. */
export type StreamedEvent = (MeshEvent | EventsDropped) & {
  readonly seq: number;
  /** Happened before the subscription; the state of line one knows it already. */
  readonly replayed?: true;
};
