import type { IPty } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { cli, until, type Project } from "./project.ts";
import { drawPicture } from "./terminal-picture.ts";

/** A program in a real pseudo-terminal whose bytes feed a terminal emulator: screens are what a person would see. */
export interface Terminal extends Disposable {
  /** The screen as a picture, with its colours. */
  readonly picture: (title: string) => Promise<string>;
  /** The screen's lines, without blanks at their ends. */
  readonly screen: () => Promise<string>;
  /** Waits until the screen shows everything asked for, and returns it. */
  readonly shows: (...wanted: readonly RegExp[]) => Promise<string>;
  /** Keys by name (`Enter`, `Esc`, `Ctrl-C`, `Down` …) or the text that is typed. */
  readonly press: (...keys: readonly string[]) => void;
  readonly resize: (columns: number, rows: number) => void;
  /** Everything that was written. */
  readonly bytes: () => string;
  readonly isAlternate: () => Promise<boolean>;
  readonly pid: number;
  /** How the program ended, once it has. */
  readonly ended: () => Promise<{ readonly exitCode: number; readonly signal?: number | undefined }>;
}

/** A busy machine needs half a minute to start four programs. */
const patienceMs = 60_000;

const pty = await import("@lydell/node-pty").catch((error: unknown) => String(error));

/** Why no pseudo-terminal can be opened here; undefined: it can. */
export function whyNoTerminal(): string | undefined {
  return typeof pty === "string" ? `no pseudo-terminal on this machine: ${pty}` : undefined;
}

const keys: Readonly<Record<string, string>> = {
  Enter: "\r",
  Esc: "\u001b",
  Tab: "\t",
  Space: " ",
  Backspace: "\u007f",
  Up: "\u001b[A",
  Down: "\u001b[B",
  PageUp: "\u001b[5~",
  PageDown: "\u001b[6~",
};

function keyBytes(key: string): string {
  const control = /^Ctrl-([A-Z])$/.exec(key)?.[1];
  return control === undefined ? (keys[key] ?? key) : String.fromCodePoint(control.charCodeAt(0) - 64);
}

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Instead of the built CLI. */
  readonly program?: readonly [file: string, ...args: readonly string[]];
}

/** Starts the built CLI with `args` in the folder of the project. */
export function openTerminal(
  project: Pick<Project, "directory" | "env">,
  columns: number,
  rows: number,
  args: readonly string[],
  options: TerminalOptions = {},
): Terminal {
  if (typeof pty === "string") throw new Error(pty);
  const [file, ...words] = options.program ?? [process.execPath, cli, ...args];
  const env = Object.fromEntries(
    Object.entries({ ...project.env, ...options.env }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  const child: IPty = pty.spawn(file, words, {
    // It becomes TERM.
    name: env["TERM"] ?? "xterm-256color",
    cols: columns,
    rows,
    cwd: project.directory,
    env,
    encoding: null,
  });
  const emulator = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1_000 });
  const written: Buffer[] = [];
  let end: { readonly exitCode: number; readonly signal?: number | undefined } | undefined;
  child.onData((data: string | Buffer) => {
    written.push(Buffer.from(data));
    emulator.write(data);
  });
  // A terminal answers questions about itself.
  emulator.onData((answer) => {
    if (end === undefined) child.write(answer);
  });
  child.onExit((how) => {
    end = how;
  });

  const settled = (): Promise<void> =>
    new Promise((resolve) => {
      emulator.write("", resolve);
    });
  const screen = async (): Promise<string> => {
    await settled();
    const { active } = emulator.buffer;
    return Array.from(
      { length: emulator.rows },
      (_, at) =>
        active
          .getLine(active.viewportY + at)
          ?.translateToString(true)
          .trimEnd() ?? "",
    ).join("\n");
  };
  return {
    screen,
    picture: async (title) => {
      await settled();
      return drawPicture(emulator, title);
    },
    shows: async (...wanted) => {
      let seen = "";
      const what = `the screen to show ${wanted.join(" and ")}`;
      return until(
        what,
        async () => {
          seen = await screen();
          return wanted.every((pattern) => pattern.test(seen)) ? seen : undefined;
        },
        patienceMs,
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}; it shows\n${seen}`, { cause: error });
      });
    },
    press: (...names) => {
      for (const name of names) child.write(keyBytes(name));
    },
    resize: (width, height) => {
      emulator.resize(width, height);
      child.resize(width, height);
    },
    bytes: () => Buffer.concat(written).toString("utf8"),
    isAlternate: async () => {
      await settled();
      return emulator.buffer.active.type === "alternate";
    },
    pid: child.pid,
    ended: () => until("the program to end", () => end, patienceMs),
    [Symbol.dispose]: () => {
      if (end === undefined) child.kill("SIGKILL");
      emulator.dispose();
    },
  };
}
