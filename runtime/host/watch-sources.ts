import { watch, type FSWatcher } from "chokidar";
import { matchesGlob, relative, resolve } from "node:path";
import type { Clock } from "../core/clock.ts";
import type { WatchRule } from "../model/mesh.ts";

/** Old kernels stamp files with a clock that ticks so slowly. */
const coarsestTickMs = 20;
/** What no program is made of, and what editors leave for a moment. */
const passedOver =
  /(?:^|[\\/])(?:node_modules|\.git|\.hg|\.svn|\.meshdev|__pycache__|\.DS_Store|4913|[^\\/]*~|\.#[^\\/]*|[^\\/]*\.sw[a-z]|[^\\/]*\.pyc)(?:[\\/]|$)/;

export interface SourceWatcher {
  /** Watches for these services from now on; what has changed since they were first named counts. */
  readonly setRules: (rules: ReadonlyMap<string, WatchRule>) => void;
  /** Resolves when changes are noticed at once. */
  readonly watching: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface SourceWatchOptions {
  readonly clock: Clock;
  /** The folder below which everything is that a glob can match. */
  readonly baseOf: (glob: string) => string;
  /** Files of a service have changed and are quiet again; paths relative to the rule's folder. */
  readonly onChange: (service: string, paths: readonly string[]) => void;
  readonly onError: (error: unknown) => void;
}

/** Watches the source files of services. A file counts as changed when its time or size is another one. */
export function watchSources({ clock, baseOf, onChange, onError }: SourceWatchOptions): SourceWatcher {
  let rules: ReadonlyMap<string, WatchRule> = new Map();
  let watcher: FSWatcher | undefined;
  let ready = Promise.resolve();
  /** What was seen last, so that notifications about nothing restart nothing. */
  let stamps = new Map<string, string>();
  const pending = new Map<string, { readonly paths: Set<string>; cancel: () => void }>();

  function note(path: string, stamp: string): void {
    if (stamps.get(path) === stamp) return;
    stamps.set(path, stamp);
    for (const [service, rule] of rules) if (matches(rule, path)) delay(service, rule, relative(rule.directory, path));
  }

  function delay(service: string, rule: WatchRule, path: string): void {
    const waiting = pending.get(service) ?? { paths: new Set<string>(), cancel: () => undefined };
    waiting.paths.add(path);
    waiting.cancel();
    waiting.cancel = clock.after(rule.debounceMs, () => {
      pending.delete(service);
      onChange(service, [...waiting.paths].toSorted());
    });
    pending.set(service, waiting);
  }

  function open(since: number): void {
    const bases = [...rules.values()].flatMap(({ directory, paths }) =>
      paths.map((glob) => resolve(directory, baseOf(glob))),
    );
    if (bases.length === 0) return;
    const opened = watch([...new Set(bases)], {
      alwaysStat: true,
      // What is below the base of a glob is asked for; only what stands above it may have any name.
      ignored: (path) => bases.every((base) => passedOver.test(relative(base, path))),
    });
    let isReady = false;
    opened.on("all", (event, path, stats) => {
      if (event !== "add" && event !== "change" && event !== "unlink") return;
      const stamp = stats === undefined ? "gone" : `${stats.mtimeMs}:${stats.size}:${stats.ino}`;
      const isOld = !isReady && event === "add" && !stamps.has(path) && (stats === undefined || stats.mtimeMs < since);
      if (isOld) stamps.set(path, stamp);
      else note(path, stamp);
    });
    opened.on("error", onError);
    ready = new Promise((done) => {
      opened.on("ready", () => {
        isReady = true;
        done();
      });
    });
    watcher = opened;
  }

  return {
    setRules: (next) => {
      if (JSON.stringify([...next]) === JSON.stringify([...rules])) return;
      rules = next;
      for (const [service, waiting] of pending) {
        if (next.has(service)) continue;
        waiting.cancel();
        pending.delete(service);
      }
      void watcher?.close();
      watcher = undefined;
      if (next.size === 0) stamps = new Map();
      open(clock.now() - coarsestTickMs);
    },
    watching: () => ready,
    close: async () => {
      for (const { cancel } of pending.values()) cancel();
      pending.clear();
      await watcher?.close();
    },
  };
}

function matches({ directory, paths, ignore }: WatchRule, file: string): boolean {
  const path = relative(directory, file);
  return paths.some((glob) => matchesOne(path, glob)) && !ignore.some((glob) => matchesOne(path, glob));
}

/** A name without wildcards means the file, or the folder with all that is in it. */
function matchesOne(path: string, glob: string): boolean {
  const plain = glob.replace(/^\.\//, "").replace(/\/$/, "");
  if (plain === "." || plain === "") return !path.startsWith("..");
  return matchesGlob(path, plain) || matchesGlob(path, `${plain}/**`);
}
