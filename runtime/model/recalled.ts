import type { PeerFacts } from "./decision.ts";
import type { HttpVersion, Party } from "./event.ts";
import type { ConnectionSeen, EffectiveMtlsMode, InboundListener, ProxyId } from "./snapshot.ts";

/**
 * Calls as the data plane hands them to the daemon to be decided again: all that a decision may look at, unredacted.
 * Nothing of it leaves the daemon as it is.
 */
export interface RecalledCalls {
  /** Newest first. */
  readonly calls: readonly RecalledCall[];
  /** `RecalledCall.connection` counts in it. */
  readonly connections: readonly RecalledConnection[];
  readonly departures: readonly Departure[];
}

/** Pieces are put together in the order in which they come. */
export type RecalledPiece = RecalledCalls;

export type RecalledCall = RecalledRequest | RecalledConnectionCall;

interface Recalled {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly generation: number;
  /** The sidecar that it came to. */
  readonly proxy: ProxyId;
  readonly from: Party;
  readonly to: Party;
  readonly connection: number;
}

export interface RecalledRequest extends Recalled {
  readonly kind: "request";
  readonly protocol: HttpVersion;
  readonly method: string;
  readonly authority: string;
  /** As sent, with its query. */
  readonly target: string;
  /** The lines of its headers, a byte a character, and the places in there (`RequestHead.fields`). */
  readonly head: string;
  readonly fields: readonly number[];
  readonly requestId: string;
  /** Whether it came as far as to be decided. */
  readonly decided: boolean;
}

/** `tcp`: bytes that are not HTTP for its sidecar. `refused`: closed before it could become anything. */
export interface RecalledConnectionCall extends Recalled {
  readonly kind: "tcp" | "refused";
  /** That its caller sent in all; null: they were not passed on. */
  readonly bytes: number | null;
  /** Why its handshake failed; null: there was none. */
  readonly refusal: string | null;
}

export interface RecalledConnection {
  /** The verified caller; absent on plaintext. */
  readonly peer?: RecalledPeer;
  readonly sourceIp: string;
  readonly destinationIp: string;
  readonly destinationPort: number;
  readonly sni?: string;
  readonly seen: ConnectionSeen;
  /** Of the listener that looked. */
  readonly mode: EffectiveMtlsMode;
  readonly protocol: InboundListener["protocol"];
}

export interface RecalledPeer extends PeerFacts {
  /** What `x-forwarded-client-cert` tells besides. */
  readonly hash: string;
  readonly certificate: string;
  readonly chain: string;
}

/** The other end of a request: how its caller's sidecar sent it on. */
export interface Departure {
  readonly proxy: ProxyId;
  readonly requestId: string;
  /** Workload that it was sent to. */
  readonly to: string;
  readonly cluster: string;
}
