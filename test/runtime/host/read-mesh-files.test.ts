import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { maxMeshFileBytes, readMeshFiles } from "../../../runtime/host/read-mesh-files.ts";

let folder = "";
const path = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "md-read-"));
  mkdirSync(path("mesh/inner/.git"), { recursive: true });
  for (const name of [
    "mesh/b.yaml",
    "mesh/a.yml",
    "mesh/inner/c.json",
    "mesh/notes.txt",
    "mesh/inner/.git/x.yaml",
    "project",
  ])
    writeFileSync(path(name), name);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const names = (set: ReturnType<typeof readMeshFiles>): string[] => set.files.map((file) => file.path);

describe("reading mesh files", () => {
  it("takes YAML and JSON below the folders and named files whatever their name, sorted, each once", () => {
    const read = readMeshFiles(folder, ["mesh", "./mesh/b.yaml", "mesh/notes.txt"], {
      required: ["project"],
      optional: [],
    });
    expect(names(read)).toEqual(["mesh/a.yml", "mesh/b.yaml", "mesh/inner/c.json", "mesh/notes.txt", "project"]);
    expect(read.problems).toEqual([]);
    expect(names(readMeshFiles(path("mesh"), [path("project")]))).toEqual([path("project")]);
  });

  it("links are followed, loops are reported and end", () => {
    symlinkSync(path("mesh"), path("mesh/inner/loop"));
    symlinkSync(path("nowhere"), path("mesh/dangling.yaml"));
    symlinkSync("self.yaml", path("mesh/self.yaml"));
    mkdirSync(path("far"));
    writeFileSync(path("far/d.yaml"), "d");
    symlinkSync(path("far"), path("mesh/near"));
    const read = readMeshFiles(folder, ["mesh"]);
    expect(names(read)).toEqual(["mesh/a.yml", "mesh/b.yaml", "mesh/inner/c.json", "mesh/near/d.yaml"]);
    expect(read.problems.map((problem) => [problem.code, problem.at?.file])).toEqual([
      ["MD6006", "mesh/dangling.yaml"],
      ["MD6006", "mesh/inner/loop"],
      ["MD6006", "mesh/self.yaml"],
    ]);
  });

  it("says what is missing or too large; a file that was read before stays in force", () => {
    const before = readMeshFiles(folder, ["mesh"]);
    truncateSync(path("mesh/b.yaml"), maxMeshFileBytes + 1);
    const first = readMeshFiles(folder, ["mesh", "gone"]);
    expect(first.problems.map((problem) => problem.message)).toEqual([
      expect.stringContaining("gone cannot be read"),
      "mesh/b.yaml is larger than 4 MiB",
    ]);
    expect(names(first)).not.toContain("mesh/b.yaml");
    const next = readMeshFiles(folder, ["mesh"], undefined, before);
    expect(next.files.find((file) => file.path === "mesh/b.yaml")?.text).toBe("mesh/b.yaml");
    expect(next.problems).toHaveLength(1);
  });

  it.skipIf(process.getuid?.() === 0)(
    "losing the right to read removes no policy (needs a user who is not root)",
    () => {
      const before = readMeshFiles(folder, ["mesh"]);
      chmodSync(path("mesh/b.yaml"), 0);
      chmodSync(path("mesh/inner"), 0);
      const after = readMeshFiles(folder, ["mesh"], undefined, before);
      chmodSync(path("mesh/inner"), 0o700);
      expect(names(after)).toEqual(names(before));
      expect(after.problems).not.toEqual([]);
    },
  );

  it("does not read again what did not change", () => {
    const before = readMeshFiles(folder, ["mesh"]);
    const after = readMeshFiles(folder, ["mesh"], undefined, before);
    expect(after.files.every((file, index) => file === before.files[index])).toBe(true);
  });

  it("does not trust the time of a file that has just changed: another change may have the same", async () => {
    writeFileSync(path("mesh/b.yaml"), "new");
    const first = readMeshFiles(folder, ["mesh"]);
    expect(first.facts.get("mesh/b.yaml")?.telling).toBe(false);
    // The same stamp with other content, as within one tick of a coarse clock.
    const text = "old";
    const other = {
      ...first,
      files: first.files.map((file) => (file.path === "mesh/b.yaml" ? { ...file, text } : file)),
      facts: new Map([...first.facts].map(([name, facts]) => [name, { ...facts, digest: "of old" }])),
    };
    expect(readMeshFiles(folder, ["mesh"], undefined, other).files[1]?.text).toBe("new");
    await vi.waitFor(() => {
      expect(readMeshFiles(folder, ["mesh"], undefined, first).facts.get("mesh/b.yaml")?.telling).toBe(true);
    });
  });

  it("what is gone from the project's own folder is gone, whatever was known of it", () => {
    const first = readMeshFiles(folder, ["."]);
    expect(names(first)).toContain("mesh/b.yaml");
    rmSync(path("mesh/inner"), { recursive: true });
    rmSync(path("mesh/b.yaml"));
    expect(names(readMeshFiles(folder, ["."], undefined, first))).toEqual(["mesh/a.yml"]);
  });
});
