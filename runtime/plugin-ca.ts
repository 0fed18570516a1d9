import type { Clock } from "./core/clock.ts";
import { caReload } from "./control/ca-reload.ts";
import type { CaRotation } from "./control/ca-rotation.ts";
import type { MeshLoop } from "./control/mesh-loop.ts";
import type { CaFileSet } from "./host/ca-store.ts";

/** The plug-in CA that the user named. */
export interface PluginCa {
  readonly folder: string;
  readonly files: CaFileSet;
}

export interface PluginCaWatch {
  readonly given: PluginCa | undefined;
  readonly clock: Clock;
  readonly rotation: CaRotation;
  readonly loop: MeshLoop;
}

/** Takes up what changes in the folder of a plug-in CA. Loaded late: nothing of the start waits for it. */
export async function watchPluginCa({
  given,
  clock,
  rotation,
  loop,
}: PluginCaWatch): Promise<{ readonly close: () => Promise<void> } | undefined> {
  if (given === undefined) return undefined;
  const { watchGivenCa } = await import("./host/ca-watch.ts");
  return watchGivenCa(given.folder, {
    clock,
    from: given.files,
    ...caReload({ clock, rotation, onProblems: (problems) => loop.setProblems("ca", problems) }),
  });
}
