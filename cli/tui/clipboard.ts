import { spawn } from "node:child_process";
import { Buffer } from "node:buffer";

/** Where a text for the clipboard can go, most certain first. */
export type ClipboardWay =
  | { readonly kind: "tool"; readonly command: string; readonly args: readonly string[] }
  /** The terminal is asked by an escape sequence, as tmux and screen want it wrapped. */
  | { readonly kind: "osc52"; readonly through: "nothing" | "tmux" | "screen" };

/** Terminals ignore longer ones: 100 kB of base64 is what xterm takes. */
export const longestSequence = 74_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** A tool beside the person's keyboard; over SSH and in WSL's Linux only the terminal is there. */
export function clipboardWays(env: Environment, platform: string): readonly ClipboardWay[] {
  const has = (name: string): boolean => (env[name] ?? "") !== "";
  const through = has("TMUX") ? "tmux" : (env["TERM"] ?? "").startsWith("screen") ? "screen" : "nothing";
  const ways: ClipboardWay[] = [];
  const tool = (command: string, ...args: readonly string[]): void => {
    ways.push({ kind: "tool", command, args });
  };
  if (!has("SSH_TTY") && !has("SSH_CONNECTION")) {
    if (platform === "darwin") tool("pbcopy");
    else if (platform === "win32" || has("WSL_DISTRO_NAME")) tool("clip.exe");
    else {
      if (has("WAYLAND_DISPLAY")) tool("wl-copy");
      if (has("DISPLAY")) {
        tool("xclip", "-selection", "clipboard");
        tool("xsel", "--clipboard", "--input");
      }
    }
  }
  // -w: tmux passes it on to the terminal outside too.
  if (has("TMUX")) tool("tmux", "load-buffer", "-w", "-");
  return [...ways, { kind: "osc52", through }];
}

/** OSC 52. The payload is base64: nothing of the text reaches the terminal as it is. */
export function clipboardSequence(text: string, through: "nothing" | "tmux" | "screen"): string {
  const plain = `\u001b]52;c;${Buffer.from(text).toString("base64")}\u0007`;
  if (through === "tmux") return `\u001bPtmux;${plain.replaceAll("\u001b", "\u001b\u001b")}\u001b\\`;
  // screen passes strings of at most 768 bytes.
  if (through === "screen") return plain.replaceAll(/[\s\S]{1,512}/g, "\u001bP$&\u001b\\");
  return plain;
}

export interface ClipboardOptions {
  readonly env: Environment;
  readonly platform: string;
  /** Writes to the terminal. */
  readonly write: (text: string) => void;
  /** Takes the text when nothing else did, and says where it is. */
  readonly toFile: (text: string) => string;
}

/** Copies, and says what it did: nobody can see a clipboard. */
export async function copyToClipboard(what: string, text: string, options: ClipboardOptions): Promise<string> {
  const size = `${Buffer.byteLength(text)} bytes: ${what}`;
  for (const way of clipboardWays(options.env, options.platform)) {
    if (way.kind === "tool") {
      if (await feed(way.command, way.args, text, options.env)) return `copied ${size} (${way.command})`;
    } else if (text.length <= longestSequence) {
      options.write(clipboardSequence(text, way.through));
      const by = way.through === "nothing" ? "" : ` through ${way.through}`;
      return `copied ${size} (OSC 52${by}, if the terminal allows it)`;
    }
  }
  return `too long for the clipboard: ${size} -> ${options.toFile(text)}`;
}

const patienceMs = 2_000;

function feed(command: string, args: readonly string[], text: string, env: Environment): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ["pipe", "ignore", "ignore"], timeout: patienceMs });
    child.once("error", () => {
      resolve(false);
    });
    // Tools that stay to serve the selection close what they inherited, and their first process exits.
    child.once("exit", (code) => {
      resolve(code === 0);
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(text);
  });
}
