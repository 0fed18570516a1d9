import type { Palette } from "./print/segment.ts";

/** Everything of the process that commands may touch; tests pass their own. */
export interface Context {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Columns of the terminal; undefined when stdout is not one. */
  readonly columns: number | undefined;
  readonly isTerminal: boolean;
  /** Aborted by SIGINT, SIGTERM, SIGHUP, or when the reader of our output went away; its reason is the exit code. */
  readonly signal: AbortSignal;
}

/** How text is printed: decided once from flags, environment and terminal. */
export interface Look {
  readonly color: Palette;
  readonly unicode: boolean;
  readonly columns: number;
}

export type ColorChoice = "auto" | "always" | "never";

/** NO_COLOR, FORCE_COLOR, TERM=dumb and --color, in the order people expect: flag, then environment, then terminal. */
export function chooseLook(
  context: Pick<Context, "env" | "platform" | "columns" | "isTerminal">,
  choice: ColorChoice,
): Look {
  const { env } = context;
  const term = env["TERM"] ?? "";
  return {
    color:
      choice === "always" || (choice === "auto" && wantsColor(env, term, context.isTerminal))
        ? backgroundOf(env)
        : "none",
    unicode: isUtf8(env, term, context.platform),
    columns: context.columns ?? 0,
  };
}

function wantsColor(env: Context["env"], term: string, isTerminal: boolean): boolean {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return isTerminal && term !== "dumb";
}

/** Some terminals tell their colours in COLORFGBG, `0;15`: the last number is the background, 7 and 15 are white. */
function backgroundOf(env: Context["env"]): Palette {
  return /;(7|15)$/.test(env["COLORFGBG"] ?? "") ? "light" : "dark";
}

/** Box drawing and arrows need a UTF-8 locale. No locale at all is POSIX, hence ASCII, except where terminals never set one. */
function isUtf8(env: Context["env"], term: string, platform: string): boolean {
  if (term === "linux" || term === "dumb") return false;
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return locale === "" ? platform !== "linux" : /utf-?8/i.test(locale);
}
