import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import type { Door } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { errorLines } from "../print/error.ts";
import type { Printer } from "../print/printer.ts";
import { seg } from "../print/segment.ts";

/** Runs `once` now and after every change of the project's YAML, until somebody interrupts. */
export async function watchTests(
  door: Door,
  directory: string,
  once: () => Promise<void>,
  printer: Printer,
  context: Context,
): Promise<number> {
  const { signal } = context;
  let changed = Promise.withResolvers<void>();
  const watcher = await door.watchProject(directory, () => {
    changed.resolve();
  });
  signal.addEventListener("abort", () => {
    changed.resolve();
  });
  try {
    while (!signal.aborted) {
      changed = Promise.withResolvers();
      try {
        await once();
      } catch (error) {
        if (!(error instanceof MeshError)) throw error;
        printer.note(errorLines(error));
      }
      printer.note([[seg("waiting for changes, Ctrl-C ends", "dim")]]);
      // A change during the run has resolved it already.
      await changed.promise;
    }
  } finally {
    await watcher.close();
  }
  return Number(signal.reason) || exitCodes.ok;
}
