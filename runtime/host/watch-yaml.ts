import { watch } from "chokidar";
import type { Clock } from "../core/clock.ts";

/** An editor writes a file in several steps, and a checkout many files. */
const quietMs = 80;
const passedOver = /(?:^|[\\/])(?:node_modules|\.git|\.meshdev)(?:[\\/]|$)/;

/** Calls `onChange` when YAML files below a folder have changed and are quiet again; `ready`: from then on nothing is missed. */
export function watchYaml(
  directory: string,
  clock: Clock,
  onChange: () => void,
): { readonly ready: Promise<void>; readonly close: () => Promise<void> } {
  const watcher = watch(directory, {
    ignoreInitial: true,
    ignored: (path, stats) => passedOver.test(path) || (stats?.isFile() === true && !/\.ya?ml$/i.test(path)),
  });
  let cancel = (): void => undefined;
  watcher.on("all", () => {
    cancel();
    cancel = clock.after(quietMs, onChange);
  });
  // A folder that cannot be watched is one that nothing is told of.
  watcher.on("error", () => undefined);
  return {
    ready: new Promise((resolve) => {
      watcher.on("ready", () => {
        resolve();
      });
    }),
    close: async () => {
      cancel();
      await watcher.close();
    },
  };
}
