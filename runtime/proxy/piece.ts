import { encodeChunks, payloadOf } from "../wire/http1/body.ts";
import type { BodyPart } from "../wire/http1/body.ts";
import type { Framing } from "../wire/http1/semantics.ts";

/** A piece of a body on its way from one codec to another: the payload's place in the bytes that were read, in no framing but the one it came in. */
export interface Piece {
  readonly bytes: Buffer;
  /** Where the piece begins in `bytes`, framing included. */
  readonly from: number;
  readonly part: BodyPart;
  /** Names and values in turn, only on a last piece. HTTP/1 has no place for them (spec traffic 5.3.5). */
  readonly trailers: readonly string[] | undefined;
}

const nothing = Buffer.alloc(0);

export function pieceOf(bytes: Buffer, from: number, part: BodyPart): Piece {
  return { bytes, from, part, trailers: undefined };
}

/** Payload that came without framing around it, where it lies in what was read. */
export function barePiece(bytes: Buffer, from: number, to: number, done: boolean, trailers?: readonly string[]): Piece {
  const payload = to === from ? noRanges : [from, to];
  return {
    bytes,
    from,
    part: { kind: "part", end: to, done, payload, size: to - from, verbatim: false },
    trailers,
  };
}

const noRanges: readonly number[] = [];

/** The end of a body behind it: nothing, or trailers. */
export function endPiece(trailers: readonly string[] | undefined): Piece {
  return barePiece(nothing, 0, 0, true, trailers);
}

/** Nothing of a body yet. */
export const noPiece: Piece = barePiece(nothing, 0, 0, false);

/** The end of a body, and nothing of it. */
export const lastPiece: Piece = endPiece(undefined);

/** The bytes that carry it over HTTP/1; whole chunks in canonical form are not copied. */
export function framePiece(piece: Piece, framing: Framing): Buffer {
  return framing.kind === "chunked"
    ? encodeChunks(piece.bytes, piece.from, piece.part)
    : payloadOf(piece.bytes, piece.part);
}

/** Several pieces, as one buffer. */
export function framePieces(pieces: readonly Piece[], framing: Framing): Buffer {
  const [only] = pieces;
  if (only === undefined) return nothing;
  return pieces.length === 1
    ? framePiece(only, framing)
    : Buffer.concat(pieces.map((each) => framePiece(each, framing)));
}

/** The payload without framing, copied only when it is scattered. */
export function piecePayload(piece: Piece): Buffer {
  return payloadOf(piece.bytes, piece.part);
}
