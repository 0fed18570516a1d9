import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { MeshError } from "../runtime/core/error.ts";

const names = ["meshdev.yaml", "meshdev.yml", ".meshdev/meshdev.yaml"] as const;

/** The project folder for a command: walks up from `-C` or the working directory to the root of the repository; first hit wins. */
export function findProject(cwd: string, directory: string | undefined): string {
  const start = resolve(cwd, directory ?? ".");
  if (!isFolder(start)) {
    throw new MeshError("MD8003", `there is no folder ${start}`, { hint: "Name an existing folder with -C." });
  }
  for (let folder = start; ; folder = dirname(folder)) {
    if (holdsProject(folder)) return folder;
    if (existsSync(join(folder, ".git")) || dirname(folder) === folder) break;
  }
  throw new MeshError("MD8003", `no meshdev.yaml in ${start} or above it`, {
    hint: "Write one with `meshdev init`, see a running example with `meshdev demo`, or name the folder with -C.",
  });
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
