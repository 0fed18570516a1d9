import type { BodyInCheck } from "../../model/ext-authz.ts";
import type { BodySeen } from "../../traffic/ext-authz/http-check.ts";
import { parseResponseHead } from "../../wire/http1/response-head.ts";
import type { Exchange } from "../exchange.ts";
import { piecePayload } from "../piece.ts";
import type { Piece } from "../piece.ts";

/** The body of a request that waits: what a provider may see of it, and all that has to go on later. */
export interface WaitingBody {
  readonly add: (piece: Piece) => void;
  /** What arrived behind the head's own bytes, in order. */
  readonly pieces: () => readonly Piece[];
  /** As much as the provider sees; undefined: more has to come first; `too-large`: it may not be cut. */
  readonly seen: (limits: BodyInCheck) => BodySeen | "too-large" | undefined;
}

export function waitingBody(exchange: Exchange): WaitingBody {
  const pieces: Piece[] = [];
  let size = exchange.early.part.size;
  return {
    add: (piece) => {
      pieces.push(piece);
      size += piece.part.size;
    },
    pieces: () => pieces,
    seen: ({ maxBytes, allowPartial }) => {
      if (size > maxBytes && !allowPartial) return "too-large";
      if (!exchange.requestDone() && size < maxBytes) return undefined;
      // Whether it goes on is not known before the next byte of a body that may not be cut.
      if (!exchange.requestDone() && !allowPartial) return undefined;
      const whole = Buffer.concat([exchange.early, ...pieces].map((piece) => piecePayload(piece)));
      return { bytes: whole.subarray(0, maxBytes), partial: whole.length > maxBytes || !exchange.requestDone() };
    },
  };
}

/** Requests that have none: bodiless ones, and upgrades, whose bytes are no body (as Envoy 1.40 does). */
export function hasBody(exchange: Exchange): boolean {
  if (exchange.head.upgrade !== undefined) return false;
  return !(exchange.requestDone() && exchange.early.part.size === 0 && exchange.received() === 0);
}

/** Somebody who waits to be told before sending a body is told: the provider is to see it. */
export function inviteBody(exchange: Exchange): void {
  if (!exchange.head.expectContinue) return;
  const parsed = parseResponseHead(Buffer.from("HTTP/1.1 100 Continue\r\n\r\n"), 0, exchange.head.method);
  if (parsed.kind === "head") exchange.interim(parsed.head);
}
