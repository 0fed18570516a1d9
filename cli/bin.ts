#!/usr/bin/env node
// Runs before anything is known about this Node: no import, no syntax younger than dynamic import.
const wanted = [22, 22];

function isTooOld(version: string): boolean {
  const parts = version.split(".").map(Number);
  const major = parts[0] || 0;
  const minor = parts[1] || 0;
  return major < (wanted[0] || 0) || (major === wanted[0] && minor < (wanted[1] || 0));
}

function fail(error: unknown): void {
  process.stderr.write(
    "meshdev cannot start: " + (error instanceof Error ? error.stack || error.message : String(error)) + "\n",
  );
  process.exitCode = 1;
}

if (isTooOld(process.versions.node)) {
  import("./pinned-node.ts").then((pinned) => pinned.rerun(wanted.join(".")), fail);
} else {
  import("./start.ts").then((module) => module.start(), fail);
}
