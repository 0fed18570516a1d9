import type { Clock } from "../core/clock.ts";
import type { HeaderEdit } from "../model/header-edit.ts";
import type { RetryPolicy } from "../model/snapshot.ts";
import type { LocalReplyCause } from "../traffic/local-reply.ts";
import type { Timeouts } from "../traffic/timeout.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import type { HeadChange } from "./client-exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { UpstreamConnection } from "./upstream-pool.ts";
import type { DialFailure, Upstream } from "./upstream.ts";

/** What came of looking for a connection. */
export type Acquired =
  | { readonly kind: "connection"; readonly connection: Upstream }
  | DialFailure
  | { readonly kind: "no-endpoint" };

export interface ForwardOptions {
  readonly exchange: Exchange;
  /** Instead of the exchange's own. */
  readonly head?: RequestHead;
  readonly clock: Clock;
  readonly draw: () => number;
  /** Finds a connection for a try; `fresh` asks for one that has carried nothing. The returned function gives up. */
  readonly acquire: (attempt: number, fresh: boolean, done: (result: Acquired) => void) => () => void;
  readonly release: (connection: UpstreamConnection) => void;
  readonly change: (attempt: number, elapsedMs: number) => HeadChange;
  readonly retry: RetryPolicy | undefined;
  readonly timeouts: Timeouts;
  /** `serviceTimeMs`: undefined for an upgrade, which tells none (headers/websocket-both). */
  readonly responseEdit: (head: ResponseHead, serviceTimeMs: number | undefined) => HeaderEdit;
  /** Sends a reply of our own and ends the exchange. */
  readonly reply: (cause: LocalReplyCause) => {
    readonly status: number;
    readonly flags: readonly string[];
    readonly details: string;
    readonly bytes: number;
  };
  readonly upgrade: boolean;
  /** The connection is a tunnel from here on, until `close` or `onDone`: no further request will be decided on it. */
  readonly onTunnel: (close: () => void) => void;
  readonly onDone: (result: ForwardResult) => void;
}

export interface ForwardResult {
  /** 0: the caller never got one. */
  readonly status: number;
  readonly flags: readonly string[];
  readonly details: string;
  readonly attempts: number;
  /** Milliseconds from the end of the request to the first byte of the answer; 0 without one. */
  readonly upstreamMs: number;
  readonly bytesOut: number;
  /** The connection of the last try. */
  readonly connection: Upstream | undefined;
}
