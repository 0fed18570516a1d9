import { existsSync } from "node:fs";
import { join } from "node:path";
import { MeshError } from "../core/error.ts";

const names = ["meshdev.yaml", "meshdev.yml", ".meshdev/meshdev.yaml"] as const;

/** The project file of a folder, relative to it. Throws MD1003 when there is none. */
export function findProjectFile(directory: string, chosen: string | undefined): string {
  const found = chosen ?? names.find((name) => existsSync(join(directory, name)));
  if (found !== undefined) return found;
  throw new MeshError("MD1003", `there is no meshdev.yaml in ${directory}`, {
    hint: "run `meshdev init`, or name the folder with -C",
  });
}
