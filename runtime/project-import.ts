import { absolutePath, shownPath } from "./config/absolute-path.ts";
import type { ProjectChoice } from "./config/project-paths.ts";
import { projectYaml } from "./config/resolved-project.ts";
import { loadFirst } from "./control/first-load.ts";
import type { Problem } from "./core/problem.ts";
import { findProjectFiles } from "./host/project-files.ts";
import { readMeshFiles } from "./host/read-mesh-files.ts";
import type { Mesh } from "./model/mesh.ts";

export interface ImportedProject {
  /** The project file that says the same; absent when the files are not valid. */
  readonly yaml?: string;
  readonly problems: readonly Problem[];
}

/** Compose files or Kubernetes YAML as a project file: loaded, it gives the same mesh. */
export function importProject(directory: string, chosen: ProjectChoice): ImportedProject {
  const paths = findProjectFiles(directory, { ...chosen, profiles: ["*"] });
  const { result } = loadFirst({ directory, paths, env: process.env }, readMeshFiles);
  if (result.kind === "rejected") return { problems: result.problems };
  const { project, mesh, problems } = result.loaded;
  const folders = project.kubernetes.map((path) => shownPath(directory, path));
  const value = folders.length === 0 ? project.value : { kubernetes: folders, services: commandsOf(mesh, directory) };
  return { yaml: projectYaml(value), problems };
}

/** How each workload runs as a process; what it is stays in the Kubernetes files. */
function commandsOf(mesh: Mesh, directory: string): Readonly<Record<string, unknown>> {
  const root = absolutePath(directory, undefined);
  return Object.fromEntries(
    mesh.workloads.flatMap(({ service, program, at }) => {
      // The issuer for development is nobody's file.
      if (program?.command === undefined || at === undefined) return [];
      const { command, cwd } = program;
      return [[service, { run: command, ...(cwd === root ? {} : { cwd: shownPath(directory, cwd) }) }] as const];
    }),
  );
}
