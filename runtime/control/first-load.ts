import type { Problem } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import type { IssuerProgram } from "../model/issuer.ts";
import { bareProject, meshPaths, withInputs } from "../config/kubernetes/project.ts";
import { projectEnvironment } from "../config/project-environment.ts";
import { namedFiles, type NamedFiles, type ProjectPaths } from "../config/project-paths.ts";
import { parseProject, type ProjectSpec } from "../config/project.ts";
import { envFilesOf, loadMesh, type LoadResult } from "./load.ts";

/** What reading the disk gives; the host does it. */
export interface ReadFiles {
  readonly files: readonly SourceFile[];
  readonly problems: readonly Problem[];
}

/** Reads every mesh file below `paths`, and the `named` ones whatever their name; `previous` is not read again. */
export type FileReader<Files extends ReadFiles> = (
  directory: string,
  paths: readonly string[],
  named: NamedFiles,
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
    readonly paths: ProjectPaths;
    readonly env: Readonly<Record<string, string | undefined>>;
    /** Services that run whatever their profiles are. */
    readonly named?: ReadonlySet<string>;
    /** What the issuer of tokens runs; undefined: nothing is run. */
    readonly issuer?: IssuerProgram;
  },
  read: FileReader<Files>,
): FirstLoad<Files> {
  const { directory, paths } = where;
  const env = Object.fromEntries(
    Object.entries(where.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const alone = read(directory, [], namedFiles(paths, []));
  const load = (files: Files): LoadResult =>
    loadMesh(undefined, {
      directory,
      paths,
      files: files.files,
      env,
      issuer: where.issuer,
      named: where.named,
      problems: files.problems,
    });
  const project = peekProject(paths, alone.files, env);
  const envFiles = project === undefined ? [] : envFilesOf(project, directory);
  const folders = project === undefined ? [] : meshPaths(project);
  if (folders.length === 0 && envFiles.length === 0) return { result: load(alone), files: alone, env };
  const files = read(directory, folders, namedFiles(paths, envFiles), alone);
  return { result: load(files), files, env };
}

/** The project as far as its own files say, to learn which others there are. */
function peekProject(
  paths: ProjectPaths,
  files: readonly SourceFile[],
  around: Readonly<Record<string, string>>,
): ProjectSpec | undefined {
  const at = (path: string): readonly SourceFile[] => files.filter((file) => file.path === path);
  const { env } = projectEnvironment(around, paths.dotenv.flatMap(at));
  const [file, ...overlays] = paths.files.flatMap(at);
  const project =
    paths.files.length === 0 ? bareProject : file === undefined ? undefined : parseProject(file, env, overlays).value;
  return project === undefined ? undefined : withInputs(project, paths);
}
