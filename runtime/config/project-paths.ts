import type { SourceFile } from "../core/source.ts";
import type { Labels } from "../model/resource.ts";

/** What the command line says about which project is meant. Paths are absolute, or relative to the project's folder. */
export interface ProjectChoice {
  /** The project file, what is laid over it, and Kubernetes files and folders, when they are not the usual ones; `-` is stdin. */
  readonly files?: readonly string[] | undefined;
  /** Files of variables instead of `.env`. */
  readonly envFiles?: readonly string[] | undefined;
  /** Profiles whose services run. */
  readonly profiles?: readonly string[] | undefined;
  /** Commands of Kubernetes workloads, by name. */
  readonly runs?: Labels | undefined;
  /** The text that `-` among the files stands for. */
  readonly stdin?: string | undefined;
}

/** Where a project is read from. Paths are written as those of the files that are read. */
export interface ProjectPaths {
  /** The project file, then what is laid over it; later ones win. */
  readonly files: readonly string[];
  /** Files of variables; later ones win, and the environment wins over all. */
  readonly dotenv: readonly string[];
  /** Those of both that need not be there. */
  readonly optional: readonly string[];
  readonly profiles: readonly string[];
  /** Files and folders whose workloads run, beside those that the project file names. */
  readonly kubernetes?: readonly string[];
  readonly runs?: Labels;
  /** Files that are not on the disk. */
  readonly given?: readonly SourceFile[];
}

/** Files that are read whatever their names are. */
export interface NamedFiles {
  readonly required: readonly string[];
  /** No fault when they are not there. */
  readonly optional: readonly string[];
}

/** Everything that a project names outside its mesh folders. `envFiles`: what its services read variables from. */
export function namedFiles(paths: ProjectPaths, envFiles: readonly string[]): NamedFiles {
  const optional = new Set(paths.optional);
  const own = [...paths.files, ...paths.dotenv];
  return {
    required: own.filter((path) => !optional.has(path)),
    // A service that misses one says so itself, with the place where it is named.
    optional: [...new Set([...optional, ...envFiles.filter((path) => !own.includes(path))])],
  };
}
