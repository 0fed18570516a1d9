import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { MeshError } from "../runtime/core/error.ts";
import { isKubernetesText } from "../runtime/model/input-kind.ts";
import type { ProjectChoice } from "./door.ts";

const names = ["meshdev.yaml", "meshdev.yml", ".meshdev/meshdev.yaml"] as const;
const composeNames = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"] as const;
const kubernetesFolders = ["k8s", "kubernetes", "deploy", "manifests"] as const;

/** The project folder for a command: walks up from `-C` or the working directory to the root of the repository; first hit wins. */
export function findProject(cwd: string, directory: string | undefined): string {
  const start = resolve(cwd, directory ?? ".");
  if (!isFolder(start)) {
    throw new MeshError("MD8003", `there is no folder ${start}`, { hint: "Name an existing folder with -C." });
  }
  const found = nearest(start, holdsProject) ?? nearest(start, (folder) => foundInstead(folder) !== undefined);
  if (found !== undefined) return found;
  throw new MeshError("MD8003", `no meshdev.yaml in ${start} or above it`, {
    hint: "Write one with `meshdev init`, see a running example with `meshdev demo`, name the folder with -C, or files with -f.",
  });
}

/** The folder whose settings hold for a command: the project's, or where a mesh of files that were named with -f may run. */
export function settingsFolder(cwd: string, directory: string | undefined): string {
  const start = resolve(cwd, directory ?? ".");
  return nearest(start, (folder) => holdsProject(folder) || foundInstead(folder) !== undefined) ?? start;
}

function nearest(start: string, isWanted: (folder: string) => boolean): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (isWanted(folder)) return folder;
    if (existsSync(join(folder, ".git")) || dirname(folder) === folder) return undefined;
  }
}

/** What is read of a folder without a project file: a compose file, else a folder of Kubernetes YAML, else a Procfile. */
export function foundInstead(folder: string): string | undefined {
  if (holdsProject(folder)) return undefined;
  return (
    composeNames.find((name) => existsSync(join(folder, name))) ??
    kubernetesFolders.find((name) => isFolder(join(folder, name))) ??
    (existsSync(join(folder, "Procfile")) ? "Procfile" : undefined)
  );
}

/** The options of a command that reads a project's files. */
export interface ProjectOptions {
  readonly directory?: string;
  readonly file?: readonly string[];
  readonly envFile?: readonly string[];
  readonly profile?: readonly string[];
  readonly run?: readonly string[];
}

/** A project folder, and which of its files are meant. */
export interface ChosenProject {
  readonly directory: string;
  readonly chosen: ProjectChoice;
}

/**
 * The project that the options of a command name. Paths are relative to `-C` or the working directory; with `-f` alone the project's
 * folder is that of the first file, as in Compose; Kubernetes files belong to the folder that the command runs in. @throws MeshError MD8001, MD8003
 */
export function chooseProject(cwd: string, options: ProjectOptions): ChosenProject {
  const { directory, file = [], envFile, profile, run = [] } = options;
  const from = resolve(cwd, directory ?? ".");
  const files = file.map((path) => (path === "-" ? path : existingFile(from, path)));
  const [first] = files;
  const home =
    directory === undefined && first !== undefined && !files.every(isKubernetes) ? dirname(first) : undefined;
  return {
    directory: home ?? (first === undefined ? findProject(cwd, directory) : from),
    chosen: {
      ...(first === undefined ? {} : { files }),
      envFiles: envFile?.map((path) => existingFile(from, path)),
      runs: parseRuns(run),
      ...(file.includes("-") ? { stdin: readFileSync(0, "utf8") } : {}),
      profiles: profile?.flatMap((names) => names.split(",")).filter((name) => name !== ""),
    },
  };
}

/** Stdin and folders hold Kubernetes documents; of a file its text says so. */
function isKubernetes(path: string): boolean {
  return path === "-" || isFolder(path) || isKubernetesText(readFileSync(path, "utf8"));
}

/** `--run name="cmd"`. @throws MeshError MD8001 */
function parseRuns(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const cut = text.indexOf("=");
      const [name, command] = [text.slice(0, cut).trim(), text.slice(cut + 1).trim()];
      if (cut > 0 && name !== "" && command !== "") return [name, command] as const;
      throw new MeshError("MD8001", `--run ${text} is not name="command"`, {
        hint: 'Write it like --run orders="npm start".',
      });
    }),
  );
}

function existingFile(folder: string, path: string): string {
  const full = resolve(folder, path);
  if (existsSync(full)) return full;
  throw new MeshError("MD8003", `there is no file ${full}`, {
    hint: "Paths are relative to -C, or to the working directory.",
  });
}

/** Whether a folder is a project's, with a project file or without. */
export function isProjectFolder(folder: string): boolean {
  return holdsProject(folder) || foundInstead(folder) !== undefined;
}

/** Whether a folder itself has a project file. */
export function holdsProject(folder: string): boolean {
  return names.some((name) => existsSync(join(folder, name)));
}

export function isProjectFile(path: string): boolean {
  return names.some((name) => basename(name) === basename(path)) && existsSync(path) && !isFolder(path);
}

/** Whether there is a folder of this name. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
