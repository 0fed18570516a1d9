import type { Problem } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import { parseDotenv } from "./dotenv.ts";
import { lookupIn } from "./interpolation.ts";

type Variables = Readonly<Record<string, string>>;

export interface ProjectEnvironment {
  /** What `${NAME}` in the project's files means. */
  readonly env: Variables;
  /** What files of variables add for programs: they have the rest from us. */
  readonly added: Variables;
  readonly problems: readonly Problem[];
}

/** The environment with files of variables beneath it: what is set wins over `.env`, a later file over an earlier one. */
export function projectEnvironment(around: Variables, files: readonly SourceFile[]): ProjectEnvironment {
  const problems: Problem[] = [];
  const said: Record<string, string> = {};
  for (const file of files) {
    const read = parseDotenv(file, lookupIn({ ...said, ...around }));
    Object.assign(said, read.variables);
    problems.push(...read.problems);
  }
  const added = Object.fromEntries(Object.entries(said).filter(([name]) => !Object.hasOwn(around, name)));
  return { env: { ...added, ...around }, added, problems };
}
