import { resolve } from "node:path";
import { watch as watchPaths } from "chokidar";
import type { NamedFiles } from "../config/project-paths.ts";
import type { Clock } from "../core/clock.ts";
import type { Problem } from "../core/problem.ts";
import { scanOpenWriters, type OpenWriterScan } from "./open-writers.ts";
import { machinePace } from "./pressure.ts";
import { readMeshFiles, type MeshFileSet } from "./read-mesh-files.ts";
import { describe } from "./session-folder.ts";
import { goLive, observe, quietMs, startSettling, type Settling } from "./settle.ts";

export interface MeshChange extends MeshFileSet {
  /** Monotonic milliseconds at the first sign of this change; "after save" counts from here. */
  readonly eventAt: number;
  readonly changed: readonly string[];
}

export interface WatchOptions {
  /** Absolute project folder. */
  readonly directory: string;
  /** The project's own files. */
  readonly named: NamedFiles;
  readonly clock: Clock;
  /** What is in force already; changes since then are guarded like any other. Without it, what is read first counts as in force. */
  readonly from?: MeshFileSet;
  readonly onChange: (change: MeshChange) => void;
  /** A change waits for its writer, or lost content and may not be meant; an empty list says that it is over. */
  readonly onProblems?: (problems: readonly Problem[]) => void;
}

export interface MeshWatcher {
  /** `from`, or what was read when watching began. */
  readonly initial: MeshFileSet;
  /** Resolves when changes are noticed at once; until then they are found by polling. */
  readonly watching: Promise<void>;
  /** Watches other paths from now on; they are read at once, and what differs is a change. */
  readonly setPaths: (paths: readonly string[], named: NamedFiles) => void;
  /** Looks now, as if something had changed. */
  readonly poke: () => void;
  readonly close: () => Promise<void>;
}

/** Looking for writers blocks no longer than this at a time, or than one process takes. */
const writerBudgetMs = 8;
/** Notifications are throttled, lost on some file systems, or never come: look again on our own. */
const afterwardsMs = [60, 200];
const pollMs = 2000;

/**
 * Watches the project's files and the mesh folders. Events only say "look": size, time and content decide (model.md §3), so it does not
 * matter how an editor writes.
 */
export function watchMeshFiles(paths: readonly string[], options: WatchOptions): MeshWatcher {
  const { directory, clock } = options;
  let watched = paths;
  let { named } = options;
  const read = (previous?: MeshFileSet): MeshFileSet => readMeshFiles(directory, watched, named, previous);

  const initial = options.from ?? read();
  let current = initial;
  let settling: Settling = startSettling(initial.facts, clock.monotonic());
  let eventAt: number | undefined;
  let waiting: readonly Problem[] = [];
  let cancelLook: (() => void) | undefined;
  let lookAt = 0;
  let cancelPoll = clock.after(pollMs, poll);
  let pendingLooks: (() => void)[] = [];
  let closed = false;
  /** The search for writers of what changed: it has to come to its end before anything goes live. */
  let search: OpenWriterScan | undefined;

  function look(): void {
    cancelLook = undefined;
    if (closed) return;
    const now = clock.monotonic();
    current = read(current);
    const [next, verdict] = observe(settling, current.facts, { at: now, pace: machinePace() });
    if (next.since !== settling.since) search = undefined;
    settling = next;
    if (verdict.kind === "same") {
      search = undefined;
      eventAt = undefined;
      report([]);
      return;
    }
    eventAt ??= now;
    const isLate = now - eventAt > 1000;
    if (verdict.kind === "wait" && verdict.suspects.length > 0) {
      // Nobody may hold the file yet: who is looked for too early is not found.
      search = undefined;
      if (isLate) report(verdict.suspects.map(lostContent));
      return lookAgain(verdict.at - now);
    }
    // A writer that stalls with the file open is not done, however long it takes. Whoever made the change had the file open before it was seen.
    search ??= scanOpenWriters(
      verdict.changed.map((path) => resolve(directory, path)),
      clock.monotonic,
    );
    const { kind, writers } = search.look(writerBudgetMs);
    if (writers.length > 0) {
      search = undefined;
      report(isLate ? verdict.changed.map(stillWritten) : []);
      return lookAgain(20);
    }
    if (kind === "unfinished") return lookAgain(1);
    if (verdict.kind === "wait") return lookAgain(verdict.at - clock.monotonic());
    search = undefined;
    // A writer that ended while it was looked for left a whole file behind; what was read before may be a half of it.
    current = read(current);
    const again = observe(settling, current.facts, { at: clock.monotonic(), pace: 0 })[0];
    if (again.since !== settling.since) {
      settling = again;
      return lookAgain(quietMs);
    }
    const change = { ...current, eventAt, changed: verdict.changed };
    settling = goLive(settling);
    eventAt = undefined;
    report([]);
    for (const cancel of pendingLooks) cancel();
    pendingLooks = afterwardsMs.map((ms) => clock.after(ms, touch));
    options.onChange(change);
  }

  function lookAgain(ms: number): void {
    cancelLook?.();
    lookAt = clock.monotonic() + ms;
    cancelLook = clock.after(Math.max(1, ms), look);
  }

  function touch(): void {
    if (closed) return;
    eventAt ??= clock.monotonic();
    if (cancelLook === undefined) look();
    // A file that was seen cut off is whole again, perhaps: no need to sit out the guard.
    else if (lookAt - clock.monotonic() > quietMs) lookAgain(quietMs);
  }

  function poll(): void {
    touch();
    if (!closed) cancelPoll = clock.after(pollMs, poll);
  }

  function report(unfinished: readonly Problem[]): void {
    if (JSON.stringify(unfinished) === JSON.stringify(waiting)) return;
    waiting = unfinished;
    options.onProblems?.(unfinished);
  }

  const targets = (): string[] =>
    [...named.required, ...named.optional, ...watched].map((path) => resolve(directory, path));
  let watching: Promise<void>;
  let watcher: ReturnType<typeof watchPaths>;
  function openWatcher(): void {
    watcher = watchPaths(targets(), { ignoreInitial: true, atomic: false, persistent: true });
    watcher.on("all", touch);
    watcher.on("raw", touch);
    watcher.on("error", (error) => {
      options.onProblems?.([
        { code: "MD6009", severity: "warning", message: `files cannot be watched: ${describe(error)}` },
      ]);
    });
    watching = new Promise((done) => watcher.once("ready", () => done()));
  }
  openWatcher();
  if (options.from !== undefined) touch();

  return {
    initial,
    get watching() {
      return watching;
    },
    setPaths: (next, files) => {
      if (JSON.stringify([next, files]) === JSON.stringify([watched, named])) return;
      watched = next;
      named = files;
      void watcher.close();
      openWatcher();
      touch();
    },
    poke: touch,
    close: async () => {
      closed = true;
      cancelLook?.();
      cancelPoll();
      for (const cancel of pendingLooks) cancel();
      await watcher.close();
    },
  };
}

function stillWritten(path: string): Problem {
  return unfinished(path, "is still open for writing; its new content waits until it is closed");
}

function lostContent(path: string): Problem {
  return unfinished(path, "lost content; that is taken as meant when it stays so, later on a busy machine");
}

function unfinished(path: string, what: string): Problem {
  return { code: "MD6007", severity: "warning", message: `${path} ${what}`, at: { file: path, line: 1, column: 1 } };
}
