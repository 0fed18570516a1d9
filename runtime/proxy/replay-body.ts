import type { Piece } from "./piece.ts";

/** A request body is kept for another try up to here (spec traffic 2.9.8). */
const limit = 1024 * 1024;

/** The body of a request so far: what a first try has to send at once, and what another try has to send again. */
export class ReplayBody {
  #kept: Piece[];
  #size: number;
  #lost = false;

  constructor(early: Piece) {
    this.#kept = early.part.size > 0 || early.part.done ? [early] : [];
    this.#size = early.part.size;
  }

  keep(piece: Piece): void {
    if (this.#lost) return;
    this.#kept.push(piece);
    this.#size += piece.part.size;
  }

  pieces(): readonly Piece[] {
    return this.#kept;
  }

  /** Everything so far is on its way: from here on too much of it means that there is no other try. */
  sent(): void {
    if (this.#size > limit) this.forget();
  }

  isReplayable(): boolean {
    return !this.#lost;
  }

  /** Whether to stop reading until somebody takes it. */
  isFull(): boolean {
    return this.#size >= limit;
  }

  /** No other try will follow. */
  forget(): void {
    this.#kept = [];
    this.#lost = true;
  }
}
