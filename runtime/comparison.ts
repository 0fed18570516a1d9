import { resolve } from "node:path";
import { accessChanges } from "./access/changes.ts";
import { changesRecord, type ChangesRecord } from "./access/record.ts";
import { compile } from "./compile/compile.ts";
import { loadFirst } from "./control/first-load.ts";
import { MeshError } from "./core/error.ts";
import { readRevision } from "./host/git-revision.ts";
import { findProjectFiles } from "./host/project-files.ts";
import { type MeshFileSet, readMeshFiles } from "./host/read-mesh-files.ts";
import type { Mesh } from "./model/mesh.ts";
import type { ProxySnapshot } from "./model/snapshot.ts";

/** One side of a comparison. A folder is a project, or YAML that takes the place of the project's own. */
export type ComparedSide =
  | { readonly kind: "project" }
  | { readonly kind: "folder"; readonly path: string; readonly isProject: boolean }
  | { readonly kind: "revision"; readonly revision: string };

/** What `diff` of two sides says. Files are named as each side's project names them. */
export interface Comparison extends ChangesRecord {
  readonly before: SideName;
  readonly after: SideName;
}

export interface SideName {
  readonly kind: ComparedSide["kind"];
  readonly name: string;
}

/** Compares two versions of a mesh. `directory`: the project, asked for only where a side needs it. */
export async function compareSides(
  sides: { readonly before: ComparedSide; readonly after: ComparedSide },
  directory: () => string,
): Promise<Comparison> {
  const before = await snapshotsOf(sides.before, directory);
  const after = await snapshotsOf(sides.after, directory);
  return { before: nameOf(sides.before), after: nameOf(sides.after), ...changesRecord(accessChanges(before, after)) };
}

function nameOf(side: ComparedSide): SideName {
  switch (side.kind) {
    case "project":
      return { kind: side.kind, name: "working tree" };
    case "folder":
      return { kind: side.kind, name: side.path };
    case "revision":
      return { kind: side.kind, name: side.revision };
  }
}

async function snapshotsOf(side: ComparedSide, directory: () => string): Promise<readonly ProxySnapshot[]> {
  switch (side.kind) {
    case "project":
      return snapshotsOfMesh(loadMesh(directory(), side));
    case "folder":
      return snapshotsOfMesh(side.isProject ? loadMesh(side.path, side) : loadMesh(directory(), side, side.path));
    case "revision": {
      using files = await readRevision(directory(), side.revision);
      return snapshotsOfMesh(loadMesh(files.directory, side));
    }
  }
}

/** What the sidecars of a mesh obey when every program is ready. */
export function snapshotsOfMesh(mesh: Mesh): readonly ProxySnapshot[] {
  return [...compile(mesh, { ready: new Set(mesh.workloads.map(({ id }) => id)) }).values()];
}

/** `instead`: a folder whose files are read in the place of the project's; where their workloads run, those of the folder do. */
function loadMesh(directory: string, side: ComparedSide, instead?: string): Mesh {
  const paths = findProjectFiles(directory);
  const own = instead === undefined ? undefined : loadFirst({ directory, paths, env: process.env }, readMeshFiles);
  const runsThem = own?.result.kind === "loaded" && own.result.loaded.project.kubernetes.length > 0;
  const kubernetes = instead !== undefined && (paths.files.length === 0 || runsThem) ? [resolve(instead)] : [];
  const { result } = loadFirst<MeshFileSet>(
    {
      directory,
      paths: kubernetes.length === 0 ? paths : { ...paths, kubernetes },
      env: process.env,
    },
    (root, folders, named, previous) =>
      readMeshFiles(
        root,
        folders.length === 0 || instead === undefined ? folders : [resolve(instead)],
        named,
        previous,
      ),
  );
  const problems = result.kind === "rejected" ? result.problems : result.loaded.problems;
  const errors = problems.filter(({ severity }) => severity === "error");
  if (result.kind === "loaded" && errors.length === 0) return result.loaded.mesh;
  throw new MeshError("MD8003", `${nameOf(side).name} is not valid, so nothing can be compared with it`, {
    problems: errors,
    hint: "Fix the problems above; `meshdev check` shows them all.",
  });
}
