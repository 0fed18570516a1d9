import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { loadKeymap } from "../../../cli/tui/key-file.ts";
import { bindings, keyLabel } from "../../../cli/tui/key-table.ts";
import { createKeymap } from "../../../cli/tui/keymap.ts";
import { views } from "../../../cli/tui/ui-state.ts";
import { readSettings } from "../../../runtime/index.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Loads `text` as the keys.yaml of somebody. */
async function load(text: string | undefined): ReturnType<typeof loadKeymap> {
  const home = mkdtempSync(join(tmpdir(), "md-keys-"));
  folders.push(home);
  if (text !== undefined) {
    mkdirSync(join(home, "meshdev"));
    writeFileSync(join(home, "meshdev/keys.yaml"), text);
  }
  return loadKeymap({ readSettings }, { XDG_CONFIG_HOME: home });
}

const normal = { kind: "normal" } as const;

describe("the key table", () => {
  it("gives each key one meaning, and each command one name", () => {
    const keys = bindings.flatMap((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(bindings.map(({ name }) => name)).size).toBe(bindings.length);
  });

  it("keeps the keys free that belong to commands to come, and needs neither Alt nor function keys", () => {
    const keys = bindings.flatMap((binding) => binding.keys);
    for (const reserved of ["x", "z", "-", "[", "]"]) expect(keys).not.toContain(reserved);
    for (const key of keys) expect(key).not.toMatch(/^(?:f\d|alt|meta)/);
    // Whoever's terminal eats Ctrl keys reaches the same by the palette.
    for (const { keys: own, name } of bindings)
      if (own.every((key) => key.startsWith("ctrl+"))) expect(name).toMatch(/^[a-z-]+$/);
  });

  it("reaches every view by its number", () => {
    const keymap = createKeymap();
    views.forEach((view, at) => {
      expect(keymap.actionFor(normal, String(at + 1))).toEqual({ kind: "view", view });
    });
  });

  it("is written as people write keys", () => {
    expect(["ctrl+l", "pagedown", "return", "space", "w"].map(keyLabel)).toEqual([
      "Ctrl-L",
      "PgDn",
      "Enter",
      "Space",
      "w",
    ]);
  });
});

describe("keys.yaml", () => {
  it("changes nothing when it is missing or empty", async () => {
    for (const text of [undefined, "", "# nothing yet\n"]) {
      const { keymap, problem } = await load(text);
      expect(problem).toBeUndefined();
      expect(keymap.actionFor(normal, "w")).toEqual({ kind: "text", name: "why" });
    }
  });

  it("gives a command other keys, and takes them from whoever had them", async () => {
    const { keymap, problem } = await load("why: [W, Ctrl-Y]\nrestart: w\npause: Enter\n");
    expect(problem).toBeUndefined();
    expect(keymap.actionFor(normal, "W")).toEqual({ kind: "text", name: "why" });
    expect(keymap.actionFor(normal, "ctrl+y")).toEqual({ kind: "text", name: "why" });
    expect(keymap.actionFor(normal, "w")).toEqual({ kind: "restart" });
    expect(keymap.actionFor(normal, "return")).toEqual({ kind: "pause" });
    expect(keymap.actionFor(normal, "right")).toEqual({ kind: "open" });
    expect(keymap.keyOf("why")).toBe("W");
    expect(keymap.actionFor(normal, "ctrl+c")).toEqual({ kind: "interrupt" });
  });

  it.each([
    ["rstart: x", /keys\.yaml:1:1: there is no command rstart, did you mean restart\?/],
    ["why: w\nedit: w", /keys\.yaml:2:1: the key w is for why already/],
    ["why: hyper+w", /hyper\+w is no key/],
    ["why: Ctrl-C", /cannot be rebound/],
    ["interrupt: x", /cannot be rebound/],
    ["why: {a: b}", /keys\.yaml:1:1: why takes a text or a list of texts/],
    ["- why", /must be one map/],
    ["why: [", /keys\.yaml:1/],
  ])("says what is wrong with %j, and the usual keys hold", async (text, words) => {
    const { keymap, problem } = await load(text);
    expect(problem).toMatch(words);
    expect(problem).toContain("the usual keys hold");
    expect(keymap.actionFor(normal, "w")).toEqual({ kind: "text", name: "why" });
  });
});
