import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import type { Problem } from "../../../runtime/core/problem.ts";
import { watchMeshFiles, type MeshChange, type MeshWatcher } from "../../../runtime/host/watch.ts";

const allow = "kind: AuthorizationPolicy\nmetadata: {name: allow}\n";
const deny = "kind: AuthorizationPolicy\nmetadata: {name: deny}\nspec: {action: DENY}\n";

let folder = "";
let changes: MeshChange[] = [];
let problems: (readonly Problem[])[] = [];
let watcher: MeshWatcher | undefined;
const path = (name: string): string => join(folder, name);
const text = (name: string): string | undefined => changes.at(-1)?.files.find((file) => file.path === name)?.text;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "md-watch-"));
  changes = [];
  problems = [];
  mkdirSync(path("mesh/deep"), { recursive: true });
  writeFileSync(path("meshdev.yaml"), "services: {}\n");
  writeFileSync(path("mesh/a.yaml"), `${allow}---\n${deny}`);
});
afterEach(async () => {
  await watcher?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function watch(): Promise<MeshWatcher> {
  watcher = watchMeshFiles(["mesh"], {
    directory: folder,
    named: { required: ["meshdev.yaml"], optional: [] },
    clock: systemClock,
    onChange: (change) => changes.push(change),
    onProblems: (next) => problems.push(next),
  });
  await watcher.watching;
  return watcher;
}

const version = (n: number): string => `${allow}---\n${deny}# version ${n}\n`;

describe("watching mesh files", () => {
  it("tells what it began with, and each change with its whole set of files", async () => {
    const { initial } = await watch();
    expect(initial.files.map((file) => file.path)).toEqual(["mesh/a.yaml", "meshdev.yaml"]);
    const before = systemClock.monotonic();
    writeFileSync(path("mesh/deep/b.yml"), allow);
    await vi.waitFor(() => expect(text("mesh/deep/b.yml")).toBe(allow), 5000);
    expect(changes[0]?.changed).toEqual(["mesh/deep/b.yml"]);
    expect(changes[0]?.eventAt).toBeGreaterThanOrEqual(before);
    writeFileSync(path("meshdev.yaml"), "services: {a: {run: x}}\n");
    await vi.waitFor(() => expect(text("meshdev.yaml")).toContain("run"), 5000);
    writeFileSync(path("mesh/ignored.txt"), "x");
    unlinkSync(path("mesh/deep/b.yml"));
    await vi.waitFor(
      () => expect(changes.at(-1)?.files.map((file) => file.path)).toEqual(["mesh/a.yaml", "meshdev.yaml"]),
      5000,
    );
    expect(changes).toHaveLength(3);
  });

  it("editors: rename over, back-up and write, truncate and write, a link to another file", async () => {
    await watch();
    writeFileSync(path("mesh/a.yaml.tmp"), version(1));
    renameSync(path("mesh/a.yaml.tmp"), path("mesh/a.yaml"));
    await vi.waitFor(() => expect(text("mesh/a.yaml")).toBe(version(1)), 5000);
    renameSync(path("mesh/a.yaml"), path("mesh/a.yaml~"));
    writeFileSync(path("mesh/a.yaml"), version(2));
    await vi.waitFor(() => expect(text("mesh/a.yaml")).toBe(version(2)), 5000);
    writeFileSync(path("mesh/a.yaml"), version(3));
    await vi.waitFor(() => expect(text("mesh/a.yaml")).toBe(version(3)), 5000);
    writeFileSync(path("elsewhere.yaml"), version(4));
    unlinkSync(path("mesh/a.yaml"));
    symlinkSync(path("elsewhere.yaml"), path("mesh/a.yaml"));
    await vi.waitFor(() => expect(text("mesh/a.yaml")).toBe(version(4)), 5000);
    for (const change of changes)
      expect(change.files.find((file) => file.path === "mesh/a.yaml")?.text).toContain("deny");
  });

  it.skipIf(process.platform !== "linux")(
    "a writer that stalls in mid-file: nothing of it goes live until it closes the file",
    async () => {
      await watch();
      const whole = `${allow}# ${"longer than before ".repeat(20)}\n---\n${deny}`;
      const file = openSync(path("mesh/a.yaml"), "w");
      writeSync(file, whole.slice(0, 300));
      // Larger than what is live, quiet, valid YAML, and without the DENY.
      await vi.waitFor(() => expect(problems.at(-1)?.map((each) => each.code)).toEqual(["MD6007"]), 8000);
      expect(changes).toEqual([]);
      writeSync(file, whole.slice(300));
      closeSync(file);
      await vi.waitFor(() => expect(text("mesh/a.yaml")).toBe(whole), 5000);
      expect(changes).toHaveLength(1);
      expect(problems.at(-1)).toEqual([]);
    },
  );

  it("other paths are read at once when the project file names them", async () => {
    const watching = await watch();
    mkdirSync(path("other"));
    writeFileSync(path("other/c.yaml"), allow);
    watching.setPaths(["other"], { required: ["meshdev.yaml"], optional: [] });
    await vi.waitFor(
      () => expect(changes.at(-1)?.files.map((file) => file.path)).toEqual(["meshdev.yaml", "other/c.yaml"]),
      5000,
    );
  });

  it("guards what changed since the files that are in force were read", async () => {
    const { initial, close } = await watch();
    await close();
    writeFileSync(path("mesh/a.yaml"), allow);
    watcher = watchMeshFiles(["mesh"], {
      directory: folder,
      named: { required: ["meshdev.yaml"], optional: [] },
      clock: systemClock,
      from: initial,
      onChange: (change) => changes.push(change),
    });
    expect(changes).toEqual([]);
    await vi.waitFor(() => expect(text("mesh/a.yaml")).toBe(allow), 5000);
  });
});
