import type { Clock } from "./core/clock.ts";
import type { MeshLoop } from "./control/mesh-loop.ts";
import type { MeshFileSet } from "./host/read-mesh-files.ts";
import type { MeshWatcher } from "./host/watch.ts";

interface WatchWhat {
  readonly loop: MeshLoop;
  readonly directory: string;
  readonly clock: Clock;
  /** What is in force. */
  readonly from: MeshFileSet;
}

/** Reloads whenever files change. Loaded late: nothing of the start waits for it. */
export async function watchFiles({ loop, ...where }: WatchWhat): Promise<MeshWatcher> {
  const { watchMeshFiles } = await import("./host/watch.ts");
  const { mesh: paths, named: files } = loop.wanted();
  const watcher = watchMeshFiles(paths, {
    ...where,
    named: files,
    onChange: ({ files, problems, eventAt }) => {
      loop.reload({ files, problems, since: eventAt });
      const { mesh, named } = loop.wanted();
      watcher.setPaths(mesh, named);
    },
    onProblems: (problems) => loop.setProblems("writers", problems),
  });
  return watcher;
}
