import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { ProjectChoice, ProjectPaths } from "../config/project-paths.ts";
import { MeshError } from "../core/error.ts";
import { isKubernetesText } from "../model/input-kind.ts";
import { shown } from "./read-mesh-files.ts";

const names = ["meshdev.yaml", "meshdev.yml", ".meshdev/meshdev.yaml"] as const;
/** What is laid over the usual project file: a person's own settings, which no repository should hold. */
const localNames = ["meshdev.local.yaml", "meshdev.local.yml"] as const;

/** A compose file, taken where there is no project file, and what Compose lays over it. */
const composeNames = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"] as const;
const overrideNames = [
  "compose.override.yaml",
  "compose.override.yml",
  "docker-compose.override.yaml",
  "docker-compose.override.yml",
] as const;
/** Where the Kubernetes files of a folder without a project file are. */
const kubernetesNames = ["k8s", "kubernetes", "deploy", "manifests"] as const;

/** The files of a folder's project, chosen ones or the usual ones. Throws MD1003 when there is none. */
export function findProjectFiles(directory: string, choice: ProjectChoice = {}): ProjectPaths {
  const { files = [], envFiles, profiles = [], runs = {}, stdin } = choice;
  const named = files.filter((path) => isKubernetes(directory, path));
  const chosen = files.filter((path) => !named.includes(path)).map((path) => shown(directory, path));
  const base = files.length > 0 ? undefined : usualFile(directory);
  const kubernetes = files.length === 0 && base === undefined ? [usualFolder(directory)] : named;
  const isCompose = composeNames.some((name) => name === base);
  const local =
    base === undefined
      ? []
      : [...(isCompose ? overrideNames : []), ...localNames.map((name) => join(dirname(base), name))];
  const dotenv = envFiles?.map((path) => shown(directory, path)) ?? [".env"];
  return {
    files: base === undefined ? chosen : [base, ...local],
    dotenv,
    optional: [...local, ...(envFiles === undefined ? dotenv : [])],
    profiles,
    kubernetes,
    runs,
    given: stdin === undefined ? [] : [{ path: "-", text: stdin }],
  };
}

function usualFile(directory: string): string | undefined {
  const found = [...names, ...composeNames].find((name) => existsSync(join(directory, name)));
  const isLast = found === undefined && !kubernetesNames.some((name) => isFolder(join(directory, name)));
  return isLast && existsSync(join(directory, "Procfile")) ? "Procfile" : found;
}

function usualFolder(directory: string): string {
  const found = kubernetesNames.find((name) => isFolder(join(directory, name)));
  if (found !== undefined) return found;
  throw new MeshError("MD1003", `there is no meshdev.yaml or compose.yaml in ${directory}`, {
    hint: "run `meshdev init`, name the folder with -C, or Kubernetes files with -f",
  });
}

/** Stdin and folders hold Kubernetes documents; of a file its text says so. */
function isKubernetes(directory: string, file: string): boolean {
  const path = resolve(directory, file);
  if (file === "-" || isFolder(path)) return true;
  try {
    return isKubernetesText(readFileSync(path, "utf8"));
  } catch {
    // What cannot be read is told when it is.
    return false;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
