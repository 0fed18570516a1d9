/** What is known of a file without understanding it. */
export interface FileFacts {
  /** Changes whenever size, times or inode do. */
  readonly stamp: string;
  readonly size: number;
  readonly digest: string;
  /** Names of its documents, as far as a glance tells; sorted. */
  readonly documents: readonly string[];
}

export type FactSet = ReadonlyMap<string, FileFacts>;

/** Progress of one change on disk towards going live. */
export interface Settling {
  /** What is in force. */
  readonly live: FactSet;
  /** What was seen last, and since when it has been like that (ms). */
  readonly seen: FactSet;
  readonly since: number;
}

export type Verdict =
  /** Nothing differs from what is live. */
  | { readonly kind: "same" }
  /** Look again at `at`; `suspects` lost content. */
  | { readonly kind: "wait"; readonly at: number; readonly suspects: readonly string[] }
  /** May go live, if nobody still writes one of `suspects`. */
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

export function startSettling(live: FactSet, now: number): Settling {
  return { live, seen: live, since: now };
}

/** One look at the disk. Pure: time and facts come in, the decision goes out. */
export function observe(state: Settling, facts: FactSet, now: number): readonly [Settling, Verdict] {
  const moved = differing(state.seen, facts, (file) => file.stamp).length > 0;
  const next: Settling = moved ? { ...state, seen: facts, since: now } : { ...state, seen: facts };
  const changed = differing(state.live, facts, (file) => file.digest);
  if (changed.length === 0) return [next, { kind: "same" }];
  const suspects = changed.filter((path) => hasLost(state.live.get(path), facts.get(path)));
  const due = next.since + waitFor(suspects, facts);
  return now < due ? [next, { kind: "wait", at: due, suspects }] : [next, { kind: "settled", changed, suspects }];
}

function waitFor(suspects: readonly string[], facts: FactSet): number {
  if (suspects.length === 0) return quietMs;
  return suspects.some((path) => facts.get(path)?.size === 0) ? emptyGuardMs : guardMs;
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
