import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

export interface NodeVersion {
  readonly major: number;
  readonly version: string;
  readonly executable: string;
}

/** Majors that user programs may run on; the hook is tested on each. */
export const testedMajors = [18, 20, 22, 24] as const;

/**
 * The Node executables that tests can use: the one that runs the tests, and those in the folders of MESHDEV_TEST_NODES (a list as
 * in PATH). A missing major is printed, and its tests are skipped.
 */
export function findNodeVersions(): ReadonlyMap<number, NodeVersion> {
  const folders = (process.env["MESHDEV_TEST_NODES"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const executables = [process.execPath, ...folders.map((folder) => join(folder, "node"))];
  const found = new Map<number, NodeVersion>();
  for (const executable of executables) {
    const version = spawnSync(executable, ["--version"], { encoding: "utf8", env: {} }).stdout?.trim();
    const major = Number(/^v(\d+)\./.exec(version ?? "")?.[1]);
    if (version !== undefined && Number.isInteger(major) && !found.has(major))
      found.set(major, { major, version, executable });
  }
  const missing = testedMajors.filter((major) => !found.has(major));
  if (missing.length > 0)
    console.warn(`Node ${missing.join(", ")} not found: their hook tests are skipped (set MESHDEV_TEST_NODES)`);
  return found;
}
