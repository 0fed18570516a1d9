/** A request body is kept for another try up to here (spec traffic 2.9.8). */
const limit = 1024 * 1024;

/** The body of a request so far, framed: what a first try has to send at once, and what another try has to send again. */
export interface ReplayBody {
  readonly keep: (bytes: Buffer) => void;
  readonly bytes: () => Buffer;
  /** Everything so far is on its way: from here on too much of it means that there is no other try. */
  readonly sent: () => void;
  readonly replayable: () => boolean;
  /** Whether to stop reading until somebody takes it. */
  readonly full: () => boolean;
  /** No other try will follow. */
  readonly forget: () => void;
}

export function createReplayBody(early: Buffer): ReplayBody {
  let kept: Buffer[] = early.length > 0 ? [early] : [];
  let size = early.length;
  let lost = false;

  return {
    keep: (bytes) => {
      if (lost) return;
      kept.push(bytes);
      size += bytes.length;
    },
    bytes: () => {
      const [only] = kept;
      return kept.length === 1 && only !== undefined ? only : Buffer.concat(kept);
    },
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
