import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chosenEditor, editorArguments, runEditor } from "../../../cli/tui/editor.ts";

const at = { line: 26, column: 13 };

describe("the editor", () => {
  it("is VISUAL, then EDITOR, then what every system has", () => {
    expect(chosenEditor({ VISUAL: "code -w", EDITOR: "nano" }, "linux")).toBe("code -w");
    expect(chosenEditor({ VISUAL: " ", EDITOR: "nano" }, "linux")).toBe("nano");
    expect(chosenEditor({}, "linux")).toBe("vi");
    expect(chosenEditor({}, "win32")).toBe("notepad");
  });

  it.each([
    ["vi", ["+26", "f.yaml"]],
    ["/usr/bin/nvim -p", ["+26", "f.yaml"]],
    ["code", ["--wait", "--goto", "f.yaml:26:13"]],
    ["code --wait", ["--goto", "f.yaml:26:13"]],
    ["subl -w", ["f.yaml:26:13"]],
    ["hx", ["f.yaml:26:13"]],
    ["webstorm", ["--wait", "--line", "26", "f.yaml"]],
    ["my-own-thing", ["f.yaml"]],
  ])("%s gets its line", (editor, args) => {
    expect(editorArguments(editor, "f.yaml", at)).toEqual(args);
  });

  it.skipIf(process.platform === "win32")("runs with options in the variable and any name of a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "md-editor-"));
    const file = join(folder, "a $(b) 'c'.yaml");
    writeFileSync(file, "old");
    const env = { PATH: process.env["PATH"] ?? "" };
    expect(await runEditor("sh -c 'echo new > \"$1\"' x", [file], env, process.platform)).toBeUndefined();
    expect(readFileSync(file, "utf8")).toBe("new\n");
    expect(await runEditor("exit 3; :", [file], env, process.platform)).toBe("it ended with 3");
    expect(await runEditor("meshdev-no-such-editor 2>&-", [file], env, process.platform)).toContain("set EDITOR");
    rmSync(folder, { recursive: true });
  });
});
