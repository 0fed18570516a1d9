import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scanOpenWriters } from "../../../runtime/host/open-writers.ts";

const onLinux = process.platform === "linux";

describe.runIf(onLinux)("processes that hold a file open for writing", () => {
  /** Looks in pieces of no time at all, as on a machine that has none. */
  function scanInPieces(path: string): { readonly pids: readonly number[]; readonly pieces: number } {
    const scan = scanOpenWriters([path], () => performance.now());
    for (let pieces = 1; ; pieces += 1) {
      const { kind, writers } = scan.look(-1);
      if (kind === "done") return { pids: writers.map((writer) => writer.pid), pieces };
    }
  }

  it("are found, however little time each look has", () => {
    const folder = mkdtempSync(join(tmpdir(), "mw-"));
    const path = join(folder, "policy.yaml");
    writeFileSync(path, "kind: x\n");
    const reader = openSync(path, "r");
    expect(scanInPieces(path).pids).toEqual([]);
    const writer = openSync(path, "a");
    const found = scanInPieces(path);
    expect(found.pids).toEqual([process.pid]);
    expect(found.pieces).toBeGreaterThan(1);
    closeSync(writer);
    closeSync(reader);
    rmSync(folder, { recursive: true });
  });
});
