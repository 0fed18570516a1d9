import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** One document as `istioctl validate` and an API server judged it. */
export interface ExpectedDocument {
  readonly file: string;
  readonly doc: number;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly validated: boolean;
  readonly parseError?: string;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly schemaErrors: readonly { readonly stage: string; readonly message: string }[];
}

/** One message of `istioctl analyze`. */
export interface ExpectedMessage {
  readonly code: string;
  readonly level: string;
  readonly resource: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

export interface ExpectedAnalysis {
  readonly args: readonly string[];
  readonly messages: readonly ExpectedMessage[] | null;
}

export interface CheckCase {
  /** Folder and name, such as `validation/Gateway/no-port`. */
  readonly id: string;
  /** Files in the order in which they were given, by the paths that the recording names. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Other files that the arguments may name, such as mesh configuration. */
  readonly folder: string;
  readonly validate: readonly ExpectedDocument[];
  readonly analyze?: ExpectedAnalysis;
  readonly analyzeCluster?: ExpectedAnalysis;
}

interface Expected extends Omit<CheckCase, "id" | "files" | "folder"> {
  readonly files: readonly string[];
}

/** Ids of all cases below a folder. */
export function checkCases(directory: string): readonly string[] {
  return globSync("**/*.expected.json", { cwd: directory })
    .map((path) => path.replace(/\.expected\.json$/, ""))
    .toSorted();
}

export function loadCheckCase(directory: string, id: string): CheckCase {
  const expected: Expected = JSON.parse(readFileSync(join(directory, `${id}.expected.json`), "utf8"));
  const single = join(directory, `${id}.yaml`);
  const folder = existsSync(single) ? dirname(single) : join(directory, id);
  const read = (path: string): { path: string; text: string } => ({
    path,
    text: readFileSync(join(folder, path), "utf8"),
  });
  return {
    ...expected,
    id,
    folder,
    files: expected.files.flatMap((path) => {
      const full = join(folder, path);
      if (!existsSync(full)) return [];
      if (!statSync(full).isDirectory()) return [read(path)];
      return globSync("**/*.{yaml,yml,json}", { cwd: full })
        .toSorted()
        .map((inner) => read(join(path, relative(".", inner))));
    }),
  };
}

export function familyOf(id: string): string {
  return id.startsWith("realistic/") ? "realistic" : dirname(id);
}
