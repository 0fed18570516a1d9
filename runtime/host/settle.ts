/** What is known of a file without understanding it. */
export interface FileFacts {
  /** Changes whenever size, times or inode do. */
  readonly stamp: string;
  /** Whether another change after the reading is sure to have changed the stamp: clocks of file systems tick slowly. */
  readonly telling: boolean;
  readonly size: number;
  readonly digest: string;
  /** Names of its documents, as far as a glance tells; sorted. */
  readonly documents: readonly string[];
}

export type FactSet = ReadonlyMap<string, FileFacts>;

/** Progress of one change on disk towards going live. Times in milliseconds. */
export interface Settling {
  /** What is in force. */
  readonly live: FactSet;
  /** What was seen last, and since when it has been like that. */
  readonly seen: FactSet;
  readonly since: number;
  readonly lookedAt: number;
  /** How long it has been seen like that, look by look. */
  readonly steady: number;
  /** The same by the pace of whoever may be in the middle of a change. */
  readonly calm: number;
}

/** When somebody looked, and how fast others get on meanwhile, 0 to 1 (`machinePace`). */
export interface Look {
  readonly at: number;
  readonly pace: number;
}

export type Verdict =
  /** Nothing differs from what is live. */
  | { readonly kind: "same" }
  /** Look again at `at`; `suspects` lost content. */
  | {
      readonly kind: "wait";
      readonly at: number;
      readonly changed: readonly string[];
      readonly suspects: readonly string[];
    }
  /** May go live, if nobody still writes one of `changed`. */
  | { readonly kind: "settled"; readonly changed: readonly string[]; readonly suspects: readonly string[] };

/** An editor's single write is over by then. */
export const quietMs = 10;
/** A file that lost content may be half-written: "a save must never open a door by accident". */
export const guardMs = 75;
/**
 * A file is emptied before whoever opened it for writing can be seen to hold it, and on a busy disk the opening takes its time: nobody
 * found is no proof. Whoever means to take resources away removes the file or its documents.
 */
export const emptyGuardMs = 1000;
/**
 * A loss is looked at again and again, and each look is worth no more than this: who looks late because the machine is busy must assume that
 * whoever writes is late as well.
 */
export const guardStepMs = 15;
export const emptyStepMs = 50;

export function startSettling(live: FactSet, now: number): Settling {
  return { live, seen: live, since: now, lookedAt: now, steady: 0, calm: 0 };
}

/** One look at the disk. Pure: time and facts come in, the decision goes out. */
export function observe(state: Settling, facts: FactSet, look: Look): readonly [Settling, Verdict] {
  const { at } = look;
  const changed = differing(state.live, facts, (file) => file.digest);
  const suspects = changed.filter((path) => hasLost(state.live.get(path), facts.get(path)));
  const guard = guardOf(suspects, facts);
  const moved = differing(state.seen, facts, (file) => `${file.stamp} ${file.digest}`).length > 0;
  const worth = Math.min(at - state.lookedAt, guard?.step ?? guardStepMs);
  const next: Settling = moved
    ? { live: state.live, seen: facts, since: at, lookedAt: at, steady: 0, calm: 0 }
    : {
        ...state,
        seen: facts,
        lookedAt: at,
        steady: state.steady + worth,
        calm: state.calm + worth * look.pace,
      };
  if (changed.length === 0) return [next, { kind: "same" }];
  if (guard === undefined) {
    const due = next.since + quietMs;
    return [next, at < due ? { kind: "wait", at: due, changed, suspects } : { kind: "settled", changed, suspects }];
  }
  const isOver = next.steady >= guardMs && next.calm >= guard.calm;
  return [
    next,
    isOver ? { kind: "settled", changed, suspects } : { kind: "wait", at: at + guard.step, changed, suspects },
  ];
}

/**
 * What has to pass before a loss is taken as meant. Who cuts a file holds it open, and is found by that. Of a file that is gone, or was emptied,
 * nobody can be found: only time tells, and it counts less while others have to wait for theirs.
 */
function guardOf(
  suspects: readonly string[],
  facts: FactSet,
): { readonly calm: number; readonly step: number } | undefined {
  if (suspects.length === 0) return undefined;
  if (suspects.some((path) => facts.get(path)?.size === 0)) return { calm: emptyGuardMs, step: emptyStepMs };
  return { calm: suspects.every((path) => facts.has(path)) ? 0 : guardMs, step: guardStepMs };
}

/** Call when what was seen went live. */
export function goLive(state: Settling): Settling {
  return { ...state, live: state.seen };
}

function differing(before: FactSet, after: FactSet, by: (file: FileFacts) => string): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => {
    const [a, b] = [before.get(path), after.get(path)];
    return a === undefined || b === undefined ? a !== b : by(a) !== by(b);
  });
}

function hasLost(before: FileFacts | undefined, after: FileFacts | undefined): boolean {
  if (before === undefined) return false;
  if (after === undefined || after.size < before.size || after.documents.length < before.documents.length) return true;
  const rest = [...after.documents];
  return before.documents.some((name) => {
    const index = rest.indexOf(name);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}

/**
 * The documents of a YAML stream at a glance: separators are counted, `kind` and `metadata.name` are looked for. It must only be good
 * enough to notice that one is gone; YAML itself is read elsewhere.
 */
export function listDocuments(text: string): readonly string[] {
  return text
    .split(/^---(?=\s|$)/m)
    .filter((part) => part.split("\n").some((line) => line.trim() !== "" && !line.trimStart().startsWith("#")))
    .map((part) => {
      const kind = /(?<![\w.-])["']?kind["']?\s*:\s*["']?([\w.]+)/.exec(part)?.[1] ?? "?";
      const name = /["']?\bname["']?\s*:\s*["']?([\w.-]+)/.exec(part)?.[1] ?? "?";
      return `${kind}/${name}`;
    })
    .toSorted();
}
