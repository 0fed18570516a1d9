import type { Clock } from "./core/clock.ts";
import { caReload } from "./control/ca-reload.ts";
import { type CaRotation, type CaRotationOptions, createCaRotation } from "./control/ca-rotation.ts";
import type { MeshLoop } from "./control/mesh-loop.ts";
import type { CaFileSet } from "./host/ca-store.ts";

/** The plug-in CA that the user named. */
export interface PluginCa {
  readonly folder: string;
  readonly files: CaFileSet;
}

export interface MeshTrustOptions extends Omit<CaRotationOptions, "onProblems"> {
  /** A plug-in CA whose files are watched. */
  readonly given: PluginCa | undefined;
  readonly loop: () => MeshLoop;
}

export interface MeshTrust extends Pick<CaRotation, "bundle"> {
  readonly renewRoot: (overlap: boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What sidecars trust, and how that is replaced: by command, or by the files of a plug-in CA. */
export function keepTrust({ given, loop, ...options }: MeshTrustOptions): MeshTrust {
  const onProblems: CaRotationOptions["onProblems"] = (problems) => loop().setProblems("ca", problems);
  const rotation = createCaRotation({ ...options, onProblems });
  const watching = given === undefined ? undefined : watch(given, options.clock, rotation, onProblems);
  return {
    bundle: rotation.bundle,
    renewRoot: (overlap) => rotation.renewRoot(overlap ? "overlap" : "at-once"),
    close: async () => (await watching)?.close(),
  };
}

/** Loaded late: nothing of the start waits for it. */
async function watch(
  { folder, files }: PluginCa,
  clock: Clock,
  rotation: CaRotation,
  onProblems: CaRotationOptions["onProblems"],
): Promise<{ readonly close: () => Promise<void> }> {
  const { watchGivenCa } = await import("./host/ca-watch.ts");
  return watchGivenCa(folder, { clock, from: files, ...caReload({ clock, rotation, onProblems }) });
}
