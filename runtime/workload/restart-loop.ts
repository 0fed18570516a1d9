/** When a change of a file comes, and when the program that it restarts began to run. Milliseconds. */
export interface SourceChange {
  readonly paths: readonly string[];
  readonly at: number;
  /** Undefined: it has not run yet. */
  readonly startedAt: number | undefined;
}

export interface LoopWatch {
  /** Whether a change may restart the program. */
  readonly judge: (change: SourceChange) => boolean;
  /** Files that are not watched any more, since the program itself seems to write them. */
  readonly paused: () => readonly string[];
  /** Watches them again. */
  readonly forgive: () => void;
}

/** A change so soon after the start is the program's own, most likely. */
const soonMs = 3_000;
/** Restarts that changes of one file may cause in a row, each soon after the start. */
export const mostSoon = 4;
/** And at all within a while, for programs that write later. */
const whileMs = 300_000;
export const mostInAWhile = 20;

interface History {
  readonly soon: number;
  readonly times: readonly number[];
}

/** Notices a program that changes a file that it is restarted for: an endless circle otherwise. One for each service. */
export function createLoopWatch(): LoopWatch {
  const histories = new Map<string, History>();
  const paused = new Set<string>();

  function count(path: string, { at, startedAt }: SourceChange): boolean {
    const before = histories.get(path) ?? { soon: 0, times: [] };
    const isSoon = startedAt !== undefined && at - startedAt < soonMs;
    const soon = isSoon ? before.soon + 1 : 0;
    const times = [...before.times.filter((time) => at - time < whileMs), at];
    histories.set(path, { soon, times });
    return soon <= mostSoon && times.length <= mostInAWhile;
  }

  return {
    judge: (change) => {
      let counts = false;
      for (const path of change.paths) {
        if (paused.has(path)) continue;
        if (count(path, change)) counts = true;
        else paused.add(path);
      }
      return counts;
    },
    paused: () => [...paused],
    forgive: () => {
      paused.clear();
      histories.clear();
    },
  };
}
