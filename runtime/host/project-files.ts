import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ProjectChoice, ProjectPaths } from "../config/project-paths.ts";
import { MeshError } from "../core/error.ts";
import { shown } from "./read-mesh-files.ts";

const names = ["meshdev.yaml", "meshdev.yml", ".meshdev/meshdev.yaml"] as const;
/** What is laid over the usual project file: a person's own settings, which no repository should hold. */
const localNames = ["meshdev.local.yaml", "meshdev.local.yml"] as const;

/** The files of a folder's project, chosen ones or the usual ones. Throws MD1003 when there is none. */
export function findProjectFiles(directory: string, choice: ProjectChoice = {}): ProjectPaths {
  const { files, envFiles, profiles = [] } = choice;
  const chosen = (files ?? []).map((path) => shown(directory, path));
  const base = chosen.length > 0 ? undefined : usualFile(directory);
  const local = base === undefined ? [] : localNames.map((name) => join(dirname(base), name));
  const dotenv = envFiles?.map((path) => shown(directory, path)) ?? [".env"];
  return {
    files: base === undefined ? chosen : [base, ...local],
    dotenv,
    optional: [...local, ...(envFiles === undefined ? dotenv : [])],
    profiles,
  };
}

function usualFile(directory: string): string {
  const found = names.find((name) => existsSync(join(directory, name)));
  if (found !== undefined) return found;
  throw new MeshError("MD1003", `there is no meshdev.yaml in ${directory}`, {
    hint: "run `meshdev init`, or name the folder with -C",
  });
}
