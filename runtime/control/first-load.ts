import type { Problem } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import type { IssuerProgram } from "../model/issuer.ts";
import { parseProject } from "../config/project.ts";
import { loadMesh, type LoadResult } from "./load.ts";

/** What reading the disk gives; the host does it. */
export interface ReadFiles {
  readonly files: readonly SourceFile[];
  readonly problems: readonly Problem[];
}

/** Reads every mesh file below `paths`, and the files in `always` whatever their name; `previous` is not read again. */
export type FileReader<Files extends ReadFiles> = (
  directory: string,
  paths: readonly string[],
  always: readonly string[],
  previous?: Files,
) => Files;

export interface FirstLoad<Files> {
  readonly result: LoadResult;
  readonly files: Files;
  /** The environment that `${VAR}` refers to. */
  readonly env: Readonly<Record<string, string>>;
}

/** Reads a project from nothing: first the project file, which says where the rest is. */
export function loadFirst<Files extends ReadFiles>(
  where: {
    readonly directory: string;
    readonly projectFile: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    /** What the issuer of tokens runs; undefined: nothing is run. */
    readonly issuer?: IssuerProgram;
  },
  read: FileReader<Files>,
): FirstLoad<Files> {
  const { directory, projectFile } = where;
  const env = Object.fromEntries(
    Object.entries(where.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const alone = read(directory, [], [projectFile]);
  const [source] = alone.files;
  const paths = source === undefined ? [] : (parseProject(source, env).value?.mesh ?? []);
  const files = paths.length === 0 ? alone : read(directory, paths, [projectFile], alone);
  const result = loadMesh(undefined, {
    directory,
    projectFile: source?.path ?? projectFile,
    files: files.files,
    env,
    issuer: where.issuer,
    problems: files.problems,
  });
  return { result, files, env };
}
