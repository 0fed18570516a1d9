import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { ResetReason } from "../traffic/reset.ts";
import type { Http2Connection } from "./http2-pool.ts";
import type { UpstreamConnection } from "./upstream-pool.ts";

/** A connection that can carry a request: one after the other, or many at once. */
export type Upstream = UpstreamConnection | Http2Connection;

/** A connected socket, its handshake done and verified. */
export interface ReadySocket {
  readonly kind: "socket";
  readonly socket: Socket;
  /** Null for plaintext. */
  readonly handshake: string | null;
  readonly leaf: X509Certificate | undefined;
  readonly spiffe: string | null;
}

export interface DialFailure {
  readonly kind: "failed";
  readonly reason: ResetReason;
  readonly transport: string;
}

export type Dialled = ReadySocket | DialFailure;

/** HTTP version of a connection, or none. */
export type UpstreamProtocol = "http1" | "http2" | "tcp";
