import type { HeaderEdit } from "../model/header-edit.ts";
import type { RetryPolicy } from "../model/snapshot.ts";
import type { LocalReplyCause } from "../traffic/local-reply.ts";
import type { Timeouts } from "../traffic/timeout.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import type { HeadChange } from "./client-exchange.ts";
import type { Shared } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { UpstreamConnection } from "./upstream-pool.ts";
import type { DialFailure, Upstream } from "./upstream.ts";

/** What came of looking for a connection. */
export type Acquired =
  | { readonly kind: "connection"; readonly connection: Upstream }
  | DialFailure
  | { readonly kind: "no-endpoint" };

/** A reply of the sidecar itself, as it was sent. */
export interface Replied {
  readonly status: number;
  readonly flags: readonly string[];
  readonly details: string;
  readonly bytes: number;
}

/** What is asked of whoever has a request passed on. */
export interface ForwardOptions {
  readonly exchange: Exchange;
  /** Instead of the exchange's own. */
  readonly head: RequestHead | undefined;
  readonly shared: Pick<Shared, "clock" | "draw">;
  /** Finds a connection for a try; `fresh` asks for one that has carried nothing. The returned function gives up. */
  acquire(attempt: number, fresh: boolean, done: (result: Acquired) => void): () => void;
  release(connection: UpstreamConnection): void;
  /** Whether the connection would be opened in another way today: its other end may close it for that. */
  isOutdated(connection: Upstream): boolean;
  change(attempt: number, elapsedMs: number): HeadChange;
  readonly retry: RetryPolicy | undefined;
  readonly timeouts: Timeouts;
  /** `serviceTimeMs`: undefined for an upgrade, which tells none (headers/websocket-both). */
  responseEdit(head: ResponseHead, serviceTimeMs: number | undefined): HeaderEdit;
  /** Sends a reply of our own and ends the exchange. */
  reply(cause: LocalReplyCause): Replied;
  readonly upgrade: boolean;
  /** The connection is a tunnel from here on, until `close` or `onDone`: no further request will be decided on it. */
  onTunnel(close: () => void): void;
  onDone(result: ForwardResult): void;
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
