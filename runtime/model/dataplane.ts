import type { MeshEvent } from "./event.ts";
import type { RecalledPiece } from "./recalled.ts";
import type { ProxyId, ProxySnapshot } from "./snapshot.ts";
import type { TrafficCounts } from "./state.ts";

/**
 * The conversation between daemon and data plane: one JSON object per line on file descriptor 3 of the data plane,
 * both ways. The end of the stream ends the data plane.
 */

/** Where the sockets of one sidecar really are. Pods and containers replace this and nothing else. */
export interface Placement {
  readonly proxy: ProxyId;
  /** Inbound listeners: the workload port, and the socket address that stands for it. */
  readonly inbound: readonly { readonly port: number; readonly host: string; readonly listen: number }[];
  /** Where plain bytes for the application go, by workload port; ports that are missing are dialled at `appHost`. */
  readonly app: Readonly<Record<string, SocketAddress>>;
  readonly appHost: string;
  /** Unix socket on which the hook delivers outbound connections (PROXY protocol v2 first). */
  readonly outbound: string;
  /** Local address to dial other sidecars from, so that they see who calls; undefined: let the system choose. */
  readonly dialFrom: string | undefined;
}

/** How programs are captured: each in a network pod of its own, or by the hook in Node programs; `auto` takes what serves best here. */
export type CaptureChoice = "auto" | "pods" | "hook";

/** What a new snapshot does to open connections: rules over them at once, or lets them run out as Istio does. */
export type DrainMode = "strict" | "istio";

export type SocketAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/**
 * How model addresses become socket addresses. `alias`: 10.244.a.b:p → 127.<second>.a.b:p, ports below 1024 + 10000; `second` is the
 * session's own number (usually 244), so that several meshes never meet. A caller seen from 127.<second>.a.b is 10.244.a.b.
 * `pods`: pods have their model addresses; between sidecars 127.<second>.a.b stands for them, within the mesh namespace, and ports are kept.
 * `table`: looked up by `address:port`, for systems without loopback aliases.
 */
export type AddressMap =
  | { readonly kind: "alias"; readonly second: number }
  | {
      readonly kind: "pods";
      readonly second: number;
      /** Addresses of pods without a sidecar. */
      readonly outsiders: readonly string[];
    }
  | {
      readonly kind: "table";
      readonly entries: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
    };

export interface Zone {
  readonly names: Readonly<Record<string, readonly string[]>>;
  readonly aliases: Readonly<Record<string, string>>;
  /** `10.96.0.1:80` → sockets of inbound sidecars. */
  readonly endpoints: Readonly<Record<string, readonly { readonly host: string; readonly port: number }[]>>;
}

export type ToDataPlane =
  | {
      readonly type: "apply";
      readonly generation: number;
      /** Only proxies whose snapshot changed; all of them after a restart. */
      readonly snapshots: readonly ProxySnapshot[];
      readonly placements: readonly Placement[];
      readonly removed: readonly ProxyId[];
      readonly addresses: AddressMap;
      /** Model address → workload id, to name callers in events. */
      readonly names: Readonly<Record<string, ProxyId>>;
    }
  /** `chain`: leaf first, then intermediates, PEM. */
  | { readonly type: "svid"; readonly proxy: ProxyId; readonly chain: string }
  | { readonly type: "svid.refused"; readonly proxy: ProxyId; readonly reason: string }
  /** Ask for a new key and certificate now. */
  | { readonly type: "svid.renew"; readonly proxy: ProxyId }
  /** Root certificates, PEM. A new version changes ticket keys. */
  | { readonly type: "bundle"; readonly version: number; readonly roots: string }
  /** What pods are told of names: host name → model addresses, ExternalName → its target, and for pods without a sidecar where services are. */
  | ({ readonly type: "zone" } & Zone)
  /** 0: count only. Otherwise events are sent, at most `perSecond` of those that are not failures. */
  | { readonly type: "observe"; readonly perSecond: number; readonly headers: boolean }
  /** Send what the ring holds, oldest first, then go on live. */
  | { readonly type: "replay"; readonly token: number }
  /** Send the exchange with this id again; answered by `resent`. */
  | { readonly type: "resend"; readonly token: number; readonly id: string }
  /** Tell the last calls that came in, at most so many; answered by `recalled` in pieces. */
  | { readonly type: "recall"; readonly token: number; readonly limit: number }
  | { readonly type: "ping"; readonly token: number };

export type FromDataPlane =
  | { readonly type: "hello"; readonly pid: number }
  | { readonly type: "csr"; readonly proxy: ProxyId; readonly csr: string }
  | { readonly type: "ack"; readonly generation: number; readonly proxy: ProxyId }
  | { readonly type: "nack"; readonly generation: number; readonly proxy: ProxyId; readonly reason: string }
  /** Every declared listener of the proxy is bound and its certificate is there. */
  | { readonly type: "ready"; readonly proxy: ProxyId }
  | { readonly type: "events"; readonly events: readonly MeshEvent[]; readonly dropped: number }
  | { readonly type: "replayed"; readonly token: number }
  | { readonly type: "resent"; readonly token: number; readonly outcome: ResendOutcome }
  /** `done`: the last piece. Secrets are in it: it is for the daemon alone. */
  | { readonly type: "recalled"; readonly token: number; readonly piece: RecalledPiece; readonly done: boolean }
  /** Totals since the process began, sent once a second while they change. */
  | { readonly type: "counts"; readonly counts: Readonly<Record<ProxyId, TrafficCounts>> }
  | { readonly type: "pong"; readonly token: number };

/** What came of sending a request again; the new exchange is told as an event of its own. */
export type ResendOutcome =
  | { readonly ok: true; readonly requestId: string; readonly status: number }
  | { readonly ok: false; readonly reason: string };
