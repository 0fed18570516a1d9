import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyGuardMs, guardMs } from "../../../runtime/host/settle.ts";
import { watchMeshFiles, type MeshChange, type MeshWatcher } from "../../../runtime/host/watch.ts";
import { createTestClock, type TestClock } from "../control/test-clock.ts";

// Every way in which a file can be seen without what it had, each held for as long as one likes: the clock is the test's own, the disk is real.
const deny = "kind: AuthorizationPolicy\nmetadata: {name: deny}\nspec: {action: DENY}\n";
const allow = "kind: AuthorizationPolicy\nmetadata: {name: allow}\n";
const version = (n: number): string => `${allow}---\n${deny}# version ${n}\n`;

let folder = "";
let clock: TestClock;
let changes: MeshChange[] = [];
let watcher: MeshWatcher;
let file = "";
const live = (): string | undefined => changes.at(-1)?.files.find(({ path }) => path === "mesh/a.yaml")?.text;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "md-half-"));
  mkdirSync(join(folder, "mesh"));
  file = join(folder, "mesh/a.yaml");
  writeFileSync(join(folder, "meshdev.yaml"), "services: {}\n");
  writeFileSync(file, version(0));
  changes = [];
  clock = createTestClock();
  watcher = watchMeshFiles(["mesh"], {
    directory: folder,
    named: { required: ["meshdev.yaml"], optional: [] },
    clock,
    onChange: (change) => changes.push(change),
  });
});
afterEach(async () => {
  await watcher.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Time passes, as often looked at as the watcher wants. */
function pass(ms: number): void {
  watcher.poke();
  for (let at = 0; at < ms; at += 5) clock.advance(5);
}

/** Each begins a change, and returns what finishes it. The stall between them is the test's. */
const writers: Readonly<Record<string, (next: string) => () => void>> = {
  "empties the file, and is not yet seen to hold it": (next) => {
    truncateSync(file, 0);
    return () => writeFileSync(file, next);
  },
  "cuts the file, holding it": (next) => {
    const open = openSync(file, "w");
    appendFileSync(open, next.slice(0, 60));
    return () => {
      appendFileSync(open, next.slice(60));
      closeSync(open);
    };
  },
  "removes the file and makes it anew": (next) => {
    unlinkSync(file);
    return () => writeFileSync(file, next);
  },
  "moves the file to a backup and makes it anew": (next) => {
    renameSync(file, `${file}~`);
    return () => writeFileSync(file, next);
  },
  "swaps the whole folder": (next) => {
    const mesh = join(folder, "mesh");
    renameSync(mesh, `${mesh}.old`);
    return () => {
      mkdirSync(mesh);
      writeFileSync(file, next);
      rmSync(`${mesh}.old`, { recursive: true });
    };
  },
  "makes the file anew, and is stalled once more before it writes": (next) => {
    unlinkSync(file);
    return () => {
      pass(guardMs / 2);
      closeSync(openSync(file, "w"));
      pass(guardMs / 2);
      writeFileSync(file, next);
    };
  },
};

/** All shorter than the guard of any machine; an emptied file is guarded for longer. */
const stallsOf = (name: string): readonly number[] => [
  0,
  10,
  20,
  // Who is stalled once more is away for another half of the guard.
  ...(name.includes("once more") ? [] : [40, 60, guardMs - 10]),
  ...(name.startsWith("empties") ? [guardMs * 2, emptyGuardMs - 20] : []),
];

describe("half-written states", () => {
  it.each(Object.entries(writers))("a writer that %s: nothing of it goes live", (name, begin) => {
    for (const [index, stall] of stallsOf(name).entries()) {
      const finish = begin(version(index + 1));
      pass(stall);
      expect(changes).toHaveLength(index);
      finish();
      pass(guardMs * 3);
      expect(live()).toBe(version(index + 1));
      expect(changes).toHaveLength(index + 1);
    }
  });

  it("the same stalls, in which nobody looked: what was seen once, late, is not taken as meant", () => {
    for (const stall of [200, 2000, 20_000]) {
      truncateSync(file, 0);
      watcher.poke();
      clock.skip(stall);
      writeFileSync(file, version(stall));
      pass(guardMs);
      expect(live()).toBe(version(stall));
      unlinkSync(file);
      watcher.poke();
      clock.skip(stall);
      writeFileSync(file, version(stall + 1));
      pass(guardMs);
      expect(live()).toBe(version(stall + 1));
    }
  });

  it("a storm of renames: the policy is in every set of files that goes live", () => {
    for (let turn = 1; turn <= 40; turn += 1) {
      for (const other of ["b", "c", "d"]) {
        writeFileSync(join(folder, `mesh/${other}.yaml.new`), `${allow}# ${turn}\n`);
        renameSync(join(folder, `mesh/${other}.yaml.new`), join(folder, `mesh/${other}.yaml`));
      }
      writeFileSync(`${file}.new`, version(turn));
      renameSync(`${file}.new`, file);
      pass(turn % 3 === 0 ? 20 : 5);
    }
    pass(guardMs);
    expect(live()).toBe(version(40));
    for (const { files } of changes)
      expect(files.find(({ path }) => path === "mesh/a.yaml")?.text).toContain("action: DENY");
  });

  it("a file that stays away, or empty, is taken as meant in the end", () => {
    writeFileSync(join(folder, "mesh/b.yaml"), deny);
    pass(guardMs);
    unlinkSync(join(folder, "mesh/b.yaml"));
    pass(60_000);
    expect(changes.at(-1)?.files.map(({ path }) => path)).toEqual(["mesh/a.yaml", "meshdev.yaml"]);
    truncateSync(file, 0);
    pass(60_000);
    expect(live()).toBe("");
  });
});
