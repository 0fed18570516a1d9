import { fileURLToPath } from "node:url";

/** The file of one of our own programs: TypeScript in a checkout, JavaScript in a package. */
export function programFile(name: string): string {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return fileURLToPath(new URL(`./${name}.${extension}`, import.meta.url));
}
