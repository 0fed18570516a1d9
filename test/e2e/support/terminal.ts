import { execFileSync, spawnSync } from "node:child_process";
import { cli, type Project } from "./project.ts";

/** The CLI in a real pseudo-terminal, through tmux; screens are what a person would see. */
export interface Terminal extends Disposable {
  readonly screen: () => string;
  readonly press: (...keys: readonly string[]) => void;
  readonly resize: (columns: number, rows: number) => void;
  /** Exit status of the program once it has ended. */
  readonly exitStatus: () => number | undefined;
}

export function whyNoTerminal(): string | undefined {
  return spawnSync("tmux", ["-V"]).error === undefined ? undefined : "tmux is not installed";
}

export function openTerminal(project: Project, columns: number, rows: number, args: readonly string[]): Terminal {
  const socket = `${project.directory}/tmux.sock`;
  const env = { ...project.env, TERM: "xterm-256color" };
  const tmux = (...words: readonly string[]): string =>
    execFileSync("tmux", ["-S", socket, "-f", "/dev/null", ...words], { env, encoding: "utf8" });
  const command = [process.execPath, cli, ...args].map((word) => `'${word}'`).join(" ");
  tmux(
    "new-session",
    "-d",
    "-x",
    String(columns),
    "-y",
    String(rows),
    "-c",
    project.directory,
    "sh",
    "-c",
    `${command}; echo "exit status $?"; read line`,
  );
  return {
    screen: () => tmux("capture-pane", "-p"),
    press: (...keys) => {
      tmux("send-keys", ...keys);
    },
    resize: (width, height) => {
      tmux("resize-window", "-x", String(width), "-y", String(height));
    },
    exitStatus: () => {
      const match = /exit status (\d+)/.exec(tmux("capture-pane", "-p"));
      return match === null ? undefined : Number(match[1]);
    },
    [Symbol.dispose]: () => {
      spawnSync("tmux", ["-S", socket, "kill-server"], { env });
    },
  };
}
