import type { Piece } from "./piece.ts";

/** A request body is kept for another try up to here (spec traffic 2.9.8). */
const limit = 1024 * 1024;

/** The body of a request so far: what a first try has to send at once, and what another try has to send again. */
export interface ReplayBody {
  readonly keep: (piece: Piece) => void;
  readonly pieces: () => readonly Piece[];
  /** Everything so far is on its way: from here on too much of it means that there is no other try. */
  readonly sent: () => void;
  readonly replayable: () => boolean;
  /** Whether to stop reading until somebody takes it. */
  readonly full: () => boolean;
  /** No other try will follow. */
  readonly forget: () => void;
}

export function createReplayBody(early: Piece): ReplayBody {
  let kept: Piece[] = early.part.size > 0 || early.part.done ? [early] : [];
  let size = early.part.size;
  let lost = false;

  return {
    keep: (piece) => {
      if (lost) return;
      kept.push(piece);
      size += piece.part.size;
    },
    pieces: () => kept,
    sent: () => {
      if (size <= limit) return;
      lost = true;
      kept = [];
    },
    replayable: () => !lost,
    full: () => size >= limit,
    forget: () => {
      kept = [];
      lost = true;
    },
  };
}
