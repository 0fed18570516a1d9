import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { formatPosition } from "../../runtime/core/source.ts";
import { nearestNames } from "../../runtime/store/nearest-name.ts";
import type { Door } from "../door.ts";
import { bindings, namedKeys } from "./key-table.ts";
import { createKeymap, type ChosenKeys, type Keymap } from "./keymap.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadedKeymap {
  readonly keymap: Keymap;
  /** Why the file is not obeyed, in one line. */
  readonly problem: string | undefined;
}

export function keyFile(env: Environment): string {
  const config = env["XDG_CONFIG_HOME"];
  const base = config !== undefined && config !== "" ? config : join(env["HOME"] ?? homedir(), ".config");
  return join(base, "meshdev", "keys.yaml");
}

/** The keys of `keys.yaml`. One mistake, and the usual keys hold: half a file would surprise more than none. */
export async function loadKeymap(door: Pick<Door, "readSettings">, env: Environment): Promise<LoadedKeymap> {
  const file = keyFile(env);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return { keymap: createKeymap(), problem: undefined };
  }
  const { settings, problems } = await door.readSettings(file, text);
  const [problem] = problems;
  if (problem !== undefined) {
    const where = problem.at === undefined ? file : formatPosition(problem.at);
    return { keymap: createKeymap(), problem: `${where}: ${problem.message}; the usual keys hold` };
  }
  const chosen: Record<string, readonly string[]> = {};
  const taken = new Map<string, string>();
  for (const { name, values, at } of settings) {
    const fault = checkBinding(name, values.map(keyName), taken);
    if (fault !== undefined)
      return { keymap: createKeymap(), problem: `${formatPosition(at)}: ${fault}; the usual keys hold` };
    chosen[name] = values.map(keyName);
    for (const key of values.map(keyName)) taken.set(key, name);
  }
  return { keymap: createKeymap(chosen satisfies ChosenKeys), problem: undefined };
}

/** `Ctrl-L`, `ctrl+l`, `PgDn`, `Enter` and `w` as the key table names them. */
function keyName(text: string): string {
  const control = /^ctrl[-+](.)$/i.exec(text)?.[1];
  if (control !== undefined) return `ctrl+${control.toLowerCase()}`;
  const name = text.toLowerCase();
  const known: Readonly<Record<string, string>> = {
    enter: "return",
    esc: "escape",
    pgdn: "pagedown",
    pgup: "pageup",
    "shift-tab": "shift+tab",
    " ": "space",
  };
  if (Object.hasOwn(known, name)) return known[name] ?? text;
  return namedKeys.includes(name) ? name : text;
}

function checkBinding(name: string, keys: readonly string[], taken: ReadonlyMap<string, string>): string | undefined {
  const names = bindings.map((binding) => binding.name);
  if (!names.includes(name)) {
    const near = nearestNames(name, names);
    return `there is no command ${name}${near.length > 0 ? `, did you mean ${near.join(" or ")}?` : ""}`;
  }
  if (name === "interrupt") return "Ctrl-C cannot be rebound: it is the way out";
  for (const key of keys) {
    const other = taken.get(key);
    if (other !== undefined) return `the key ${key} is for ${other} already`;
    const isKey = namedKeys.includes(key) || /^ctrl\+[a-z]$/.test(key) || Array.from(key).length === 1;
    if (!isKey) return `${key} is no key; write one character, ctrl+ and a letter, or ${namedKeys.join(", ")}`;
    if (key === "ctrl+c") return "Ctrl-C cannot be rebound: it is the way out";
  }
  return undefined;
}
