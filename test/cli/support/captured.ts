import type { Context } from "../../../cli/context.ts";

export interface Captured {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process, away from any terminal, and keeps what it says. */
export async function captured(
  cwd: string,
  act: (context: Context) => Promise<number>,
  more: Partial<Context> = {},
): Promise<Captured> {
  let out = "";
  let err = "";
  const code = await act({
    cwd,
    env: {},
    platform: "linux",
    out: (text) => (out += text),
    err: (text) => (err += text),
    columns: undefined,
    isTerminal: false,
    signal: new AbortController().signal,
    ...more,
  });
  return { code, out, err };
}
