import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { globBase } from "../../../runtime/config/watch-spec.ts";
import { systemClock } from "../../../runtime/core/clock.ts";
import { watchSources, type SourceWatcher } from "../../../runtime/host/watch-sources.ts";
import type { WatchRule } from "../../../runtime/model/mesh.ts";

let folder = "";
let watcher: SourceWatcher;
let changes: string[] = [];

const path = (name: string): string => join(folder, name);
const write = (name: string, text = String(Math.random())): void => {
  mkdirSync(join(path(name), ".."), { recursive: true });
  writeFileSync(path(name), text);
};
const soon = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5_000 });

async function watch(...rules: readonly (readonly [string, Partial<WatchRule>])[]): Promise<void> {
  watcher = watchSources({
    clock: systemClock,
    baseOf: globBase,
    onChange: (service, paths) => changes.push(`${service}: ${paths.join(" ")}`),
    onError: (error) => {
      throw error;
    },
  });
  watcher.setRules(
    new Map(
      rules.map(([service, rule]) => [
        service,
        { directory: folder, paths: ["."], ignore: [], debounceMs: 60, ...rule },
      ]),
    ),
  );
  await watcher.watching();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "md-src-"));
  changes = [];
  write("src/main.ts");
  utimesSync(path("src/main.ts"), 1, 1);
});

afterEach(async () => {
  await watcher.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("watching source files", () => {
  it("tells once of a save, however an editor writes, and of files that come and go", async () => {
    await watch(["web", { paths: ["src/**/*.ts"] }]);
    write("src/main.ts", "one");
    write("src/main.ts", "two, longer");
    await soon(() => expect(changes).toEqual(["web: src/main.ts"]));
    write("src/.main.ts.new", "three");
    renameSync(path("src/.main.ts.new"), path("src/main.ts"));
    await soon(() => expect(changes).toEqual(["web: src/main.ts", "web: src/main.ts"]));
    write("src/deep/er/b.ts");
    write("src/c.ts");
    await soon(() =>
      expect(changes).toEqual(["web: src/main.ts", "web: src/main.ts", "web: src/c.ts src/deep/er/b.ts"]),
    );
    rmSync(path("src/c.ts"));
    await vi.waitFor(() => expect(changes.at(-1)).toBe("web: src/c.ts"), 5_000);
  });

  it("passes over what globs, ! and habit exclude, and what did not change", async () => {
    write("src/node_modules/x/i.ts");
    await watch(["web", { paths: ["src"], ignore: ["**/*.gen.ts", "src/out"] }], ["job", { paths: ["*.py"] }]);
    chmodSync(path("src/main.ts"), 0o600);
    for (const name of [
      "src/a.gen.ts",
      "src/out/x.ts",
      "src/node_modules/x/i.ts",
      "src/.git/HEAD",
      "src/a.ts~",
      "b.txt",
    ])
      write(name);
    write("a.py");
    await soon(() => expect(changes).toEqual(["job: a.py"]));
    write("src/last.ts");
    await soon(() => expect(changes).toEqual(["job: a.py", "web: src/last.ts"]));
  });

  it("misses nothing that is saved while it begins to look", async () => {
    const begun = watch(["web", { paths: ["src"] }]);
    write("src/early.ts");
    await begun;
    await soon(() => expect(changes).toEqual(["web: src/early.ts"]));
  });

  it("follows new rules", async () => {
    await watch(["web", { paths: ["src"] }]);
    mkdirSync(path("lib"));
    watcher.setRules(
      new Map([["api", { directory: path("lib"), paths: ["**/*.go", "../src/*.ts"], ignore: [], debounceMs: 60 }]]),
    );
    await watcher.watching();
    write("lib/a.go");
    await soon(() => expect(changes).toEqual(["api: a.go"]));
    write("src/main.ts");
    await soon(() => expect(changes).toEqual(["api: a.go", "api: ../src/main.ts"]));
  });
});
