import { spawnSync } from "node:child_process";
import { cli } from "../e2e/support/project.ts";
import { figure, type Figure } from "./figure.ts";

export async function versionStart(): Promise<readonly Figure[]> {
  const samples = Array.from({ length: 15 }, () => {
    const begun = performance.now();
    spawnSync(process.execPath, [cli, "--version"]);
    return performance.now() - begun;
  });
  return [figure("meshdev --version, whole process", "ms", samples.slice(1), "<= 120 ms")];
}
