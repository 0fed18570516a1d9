import { profileSettings, type ProfileSpec } from "./config/profiles.ts";
import type { ProjectChoice } from "./config/project-paths.ts";
import { projectYaml, resolvedProject } from "./config/resolved-project.ts";
import { loadFirst } from "./control/first-load.ts";
import type { LoadResult } from "./control/load.ts";
import type { Problem } from "./core/problem.ts";
import { findProjectFiles } from "./host/project-files.ts";
import { readMeshFiles } from "./host/read-mesh-files.ts";

export interface ProjectView {
  /** The project as one file would say it. */
  readonly project: Readonly<Record<string, unknown>>;
  /** The same as YAML. */
  readonly yaml: string;
  /** Files that it is read from, in order. */
  readonly files: readonly string[];
  readonly profiles: readonly string[];
}

/** What all files of a project say together. Without `value` it could not be read. */
export function viewProject(
  directory: string,
  chosen: ProjectChoice,
  showOrigin: boolean,
): { readonly value?: ProjectView; readonly problems: readonly Problem[] } {
  const { result, paths } = load(directory, chosen);
  if (result.kind === "rejected") return { problems: result.problems };
  const { project, env, problems } = result.loaded;
  const resolved = resolvedProject(project, env, paths.profiles);
  return {
    value: {
      project: resolved,
      yaml: projectYaml(resolved, showOrigin ? project.locate : undefined),
      files: project.sources.map(({ path }) => path),
      profiles: [
        ...new Set([
          ...project.profiles.map(({ name }) => name),
          ...[...project.services, ...project.variants].flatMap(({ profiles }) => profiles ?? []),
        ]),
      ].toSorted(),
    },
    problems,
  };
}

/** What the chosen profiles set; nothing when the project cannot be read, which is told elsewhere. */
export function chosenSettings(directory: string, chosen: ProjectChoice): Pick<ProfileSpec, "ui" | "watch"> {
  const { result, paths } = load(directory, chosen);
  return result.kind === "rejected"
    ? { ui: undefined, watch: undefined }
    : profileSettings(result.loaded.project.profiles, paths.profiles);
}

function load(
  directory: string,
  chosen: ProjectChoice,
): { readonly result: LoadResult; readonly paths: ReturnType<typeof findProjectFiles> } {
  const paths = findProjectFiles(directory, chosen);
  return { result: loadFirst({ directory, paths, env: process.env }, readMeshFiles).result, paths };
}
