import type { Socket } from "node:net";
import type { ResetReason } from "../traffic/reset.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import type { ResponseHandlers } from "./client-exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { Piece } from "./piece.ts";
import type { Upstream } from "./upstream.ts";

/** The request that tries are made for. */
export interface TryOwner {
  readonly exchange: Exchange;
  readonly isOver: () => boolean;
  readonly onHead: (attempt: Try, head: ResponseHead, early: Piece) => boolean;
  readonly onBody: (piece: Piece) => boolean;
  readonly onFailed: (to: Upstream, reason: ResetReason, answered: boolean) => void;
  readonly onSwitched: (socket: Socket, head: ResponseHead, early: Buffer) => void;
}

/** Interim answers that are passed on; 199 and the like are not. */
const interims: ReadonlySet<number> = new Set([100, 102, 103]);

/** One of the tries: once it is left, nothing that still comes of it counts. */
export class Try implements ResponseHandlers {
  readonly #owner: TryOwner;
  readonly #to: Upstream;
  #mine = true;
  /** Envoy passes one interim answer on, whichever comes first. */
  #hinted = false;

  constructor(owner: TryOwner, to: Upstream) {
    this.#owner = owner;
    this.#to = to;
  }

  leave(): void {
    this.#mine = false;
  }

  interim(head: ResponseHead): void {
    if (this.#hinted || !interims.has(head.status) || !this.#counts()) return;
    this.#hinted = true;
    this.#owner.exchange.interim(head);
  }

  head(head: ResponseHead, early: Piece): boolean {
    return !this.#counts() || this.#owner.onHead(this, head, early);
  }

  body(piece: Piece): boolean {
    return !this.#counts() || this.#owner.onBody(piece);
  }

  failed(reason: ResetReason, answered: boolean): void {
    if (!this.#counts()) return;
    this.leave();
    this.#owner.onFailed(this.#to, reason, answered);
  }

  switched(socket: Socket, head: ResponseHead, early: Buffer): void {
    if (!this.#counts()) return;
    this.leave();
    this.#owner.onSwitched(socket, head, early);
  }

  drained(): void {
    if (this.#counts()) this.#owner.exchange.resume();
  }

  #counts(): boolean {
    return this.#mine && !this.#owner.isOver();
  }
}
