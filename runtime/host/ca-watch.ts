import { watch } from "chokidar";
import type { Clock } from "../core/clock.ts";
import { readGivenCa, type CaFileSet } from "./ca-store.ts";

/** spec ID-27 */
const debounceMs = 100;

export interface CaWatchOptions {
  readonly clock: Clock;
  /** What is in use. */
  readonly from: CaFileSet;
  /** All files as they are now, when they differ from before. */
  readonly onChange: (files: CaFileSet) => void;
  /** The folder cannot be read; it may be half written. */
  readonly onError: (error: unknown) => void;
}

/** Looks at a plug-in CA's folder whenever something in it changes, also when a link to it is moved as Kubernetes does. */
export function watchGivenCa(folder: string, options: CaWatchOptions): { readonly close: () => Promise<void> } {
  let before = JSON.stringify(options.from);
  let cancel = (): void => undefined;
  const look = (): void => {
    try {
      const files = readGivenCa(folder);
      const text = JSON.stringify(files);
      if (text === before) return;
      before = text;
      options.onChange(files);
    } catch (error) {
      options.onError(error);
    }
  };
  const watcher = watch(folder, { ignoreInitial: true, depth: 1 });
  const soon = (): void => {
    cancel();
    cancel = options.clock.after(debounceMs, look);
  };
  watcher.on("all", soon);
  // What was written before watching began.
  watcher.on("ready", soon);
  watcher.on("error", options.onError);
  return {
    close: async () => {
      cancel();
      await watcher.close();
    },
  };
}
