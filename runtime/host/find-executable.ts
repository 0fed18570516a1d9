import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { MeshError } from "../core/error.ts";

/** The file that `command` means in `cwd` with that PATH. @throws MeshError MD4001 with what exactly is wrong */
export function findExecutable(command: string, cwd: string, path: string | undefined): string {
  if (command === "") throw new MeshError("MD4001", "the command is empty");
  if (command.includes("/")) {
    const file = isAbsolute(command) ? command : resolve(cwd, command);
    const fault = faultOf(file);
    if (fault === undefined) return file;
    throw new MeshError("MD4001", `${command} ${fault}`, {
      hint:
        fault === "is not executable"
          ? `chmod +x ${command}, or name its interpreter in \`run\``
          : `looked for ${file}`,
    });
  }
  const folders = (path ?? "/usr/local/bin:/usr/bin:/bin")
    .split(delimiter)
    .map((folder) => resolve(cwd, folder || "."));
  let unusable: string | undefined;
  for (const folder of folders) {
    const file = join(folder, command);
    const fault = faultOf(file);
    if (fault === undefined) return file;
    if (fault !== "does not exist") unusable ??= `${file} ${fault}`;
  }
  throw new MeshError("MD4001", unusable ?? `${command} was not found in PATH`, {
    hint: "check `run`; a list is executed as it is, a string is run by sh",
  });
}

/** @throws MeshError MD4001 */
export function checkWorkingDirectory(cwd: string): void {
  try {
    if (statSync(cwd).isDirectory()) return;
  } catch {
    throw new MeshError("MD4001", `the working directory ${cwd} does not exist`, {
      hint: "check `cwd`; it is relative to the project file",
    });
  }
  throw new MeshError("MD4001", `the working directory ${cwd} is not a folder`, { hint: "check `cwd`" });
}

function faultOf(file: string): "does not exist" | "is a folder" | "is not executable" | undefined {
  try {
    if (statSync(file).isDirectory()) return "is a folder";
  } catch {
    return "does not exist";
  }
  try {
    accessSync(file, constants.X_OK);
    return undefined;
  } catch {
    return "is not executable";
  }
}
