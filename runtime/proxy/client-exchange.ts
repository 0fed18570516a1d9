import type { Socket } from "node:net";
import type { HeaderEdit } from "../model/header-edit.ts";
import type { ResetReason } from "../traffic/reset.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import type { Piece } from "./piece.ts";
import type { UpstreamConnection } from "./upstream-pool.ts";

/** What is changed in a request's head on its way. */
export interface HeadChange {
  readonly target: string;
  readonly authority: string;
  readonly edit: HeaderEdit;
}

/** A request as it leaves: each codec writes it in its own form. */
export interface OutgoingRequest {
  readonly head: RequestHead;
  readonly change: HeadChange;
  /** The body so far; the rest follows by `write`. */
  readonly body: readonly Piece[];
}

export interface ResponseHandlers {
  /** 100, 103: another head follows. */
  readonly interim: (head: ResponseHead) => void;
  /** `early`: body that is here already. False stops the flow until `resume`. */
  readonly head: (head: ResponseHead, early: Piece) => boolean;
  readonly body: (piece: Piece) => boolean;
  /** `answered`: some byte of an answer had come. */
  readonly failed: (reason: ResetReason, answered: boolean) => void;
  /** 101: the connection is no longer HTTP. */
  readonly switched: (socket: Socket, head: ResponseHead, early: Buffer) => void;
  readonly drained: () => void;
}

/** One request on its way to a server. */
export interface ClientExchange {
  /** False: wait for `drained`. */
  readonly write: (piece: Piece) => boolean;
  readonly resume: () => void;
  /** Gives up on the answer. */
  readonly abort: () => void;
  /** The answer is here; `whole`: the request was sent to its end, so that the connection can carry another. */
  readonly finish: (whole: boolean) => void;
}

/** Takes a connection back that can carry another request. */
export interface ConnectionOwner {
  release(connection: UpstreamConnection): void;
}
