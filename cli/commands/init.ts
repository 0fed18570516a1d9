import type { ColorChoice, Context } from "../context.ts";

export interface InitOptions {
  readonly directory?: string;
  readonly dryRun?: boolean;
  readonly color: ColorChoice;
}

export async function init(_options: InitOptions, _context: Context): Promise<number> {
  throw new Error("not yet");
}
