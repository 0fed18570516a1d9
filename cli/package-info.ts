import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface PackageInfo {
  /** Folder that holds package.json, templates/ and samples/. */
  readonly root: string;
  readonly version: string;
}

/** Finds our own package: one level up from the sources, two from dist/. */
export function readPackageInfo(): PackageInfo {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const root of [dirname(here), dirname(dirname(here))]) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
      if (typeof parsed === "object" && parsed !== null && "version" in parsed && typeof parsed.version === "string") {
        return { root, version: parsed.version };
      }
    } catch {
      // Not this level.
    }
  }
  throw new Error("meshdev's package.json is missing");
}
