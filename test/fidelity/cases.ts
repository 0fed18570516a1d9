import { globSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../conformance", import.meta.url));

/** Every conformance case by its name, `security/authz/methods` or `own/gotchas/GO-22`. */
export function caseNames(): readonly string[] {
  const files = [...globSync("cases/*/*/*.yaml", { cwd: root }), ...globSync("own/*/*.yaml", { cwd: root })];
  return files.map((file) => file.replace(/^cases\//, "").replace(/\.yaml$/, "")).toSorted();
}

export function casePath(name: string): string {
  return join(root, name.startsWith("own/") ? "" : "cases", `${name}.yaml`);
}
