import { spawn } from "node:child_process";
import { basename } from "node:path";
import type { SourcePosition } from "../../runtime/core/source.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The person's editor: VISUAL, EDITOR, or what every system has. */
export function chosenEditor(env: Environment, platform: string): string {
  return env["VISUAL"]?.trim() || env["EDITOR"]?.trim() || (platform === "win32" ? "notepad" : "vi");
}

/** How an editor is told the line: what all of vi's and emacs' family know, unless it is one that wants it otherwise. */
export function editorArguments(
  editor: string,
  file: string,
  at: Pick<SourcePosition, "line" | "column">,
): readonly string[] {
  const program = basename(editor.split(/\s+/)[0] ?? "").replace(/\.(?:exe|cmd)$/i, "");
  const wait = /\s(?:--wait|-w)\b/.test(editor) ? [] : ["--wait"];
  switch (program) {
    case "code":
    case "code-insiders":
    case "codium":
    case "cursor":
    case "windsurf":
      return [...wait, "--goto", `${file}:${at.line}:${at.column}`];
    case "subl":
    case "zed":
      return [...wait, `${file}:${at.line}:${at.column}`];
    case "hx":
    case "helix":
    case "kak":
      return program === "kak" ? [`+${at.line}:${at.column}`, file] : [`${file}:${at.line}:${at.column}`];
    case "idea":
    case "webstorm":
    case "goland":
      return [...wait, "--line", String(at.line), file];
    case "vi":
    case "vim":
    case "nvim":
    case "nano":
    case "emacs":
    case "emacsclient":
    case "micro":
    case "joe":
    case "ed":
    case "kate":
      return [`+${at.line}`, file];
    default:
      return program.endsWith("vim") || program.endsWith("vi") ? [`+${at.line}`, file] : [file];
  }
}

/** Runs the editor on the terminal until it ends; the answer is why it could not, if it could not. */
export function runEditor(
  editor: string,
  args: readonly string[],
  env: Environment,
  platform: string,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Like git: the variable may hold options and quotes, so a shell reads it; the arguments never pass through one.
    const child =
      platform === "win32"
        ? spawn([editor, ...args.map((arg) => `"${arg}"`)].join(" "), { env, stdio: "inherit", shell: true })
        : spawn("/bin/sh", ["-c", `${editor} "$@"`, editor, ...args], { env, stdio: "inherit" });
    child.once("error", (error) => {
      resolve(error.message);
    });
    child.once("exit", (code, signal) => {
      if (code === 0) resolve(undefined);
      else if (code === 127) resolve("there is no such program; set EDITOR");
      else resolve(signal === null ? `it ended with ${String(code)}` : `it was ended by ${signal}`);
    });
  });
}
