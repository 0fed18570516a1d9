import type { Problem } from "../core/problem.ts";
import { sortProblems } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import { withoutEchoes } from "../analysis/check.ts";
import { analysisProblems } from "../analysis/problems.ts";
import { shownPath } from "../config/absolute-path.ts";
import { acceptFiles, type Accepted } from "../config/accept.ts";
import { parseDocuments, type ParsedFile } from "../config/documents.ts";
import { isKustomization, notBuilt } from "../config/kubernetes/kustomization.ts";
import { bareProject, withInputs } from "../config/kubernetes/project.ts";
import { projectEnvironment, type ProjectEnvironment } from "../config/project-environment.ts";
import type { ProjectPaths } from "../config/project-paths.ts";
import { parseProject, type ProjectSpec } from "../config/project.ts";
import { resolve } from "../config/resolve.ts";
import type { IssuerProgram } from "../model/issuer.ts";
import type { Mesh } from "../model/mesh.ts";

/** What all files mean together, and what is needed to read them again cheaply. */
export interface Loaded {
  readonly project: ProjectSpec;
  /** What reading the project found. */
  readonly projectProblems: readonly Problem[];
  /** The project's own files: they are no documents. */
  readonly named: readonly SourceFile[];
  /** Variables that the project was read with. */
  readonly env: Readonly<Record<string, string>>;
  readonly accepted: Accepted;
  readonly mesh: Mesh;
  /** Everything found, also what kept its last valid version. */
  readonly problems: readonly Problem[];
  /** What Istio's analyzers advise; it stops nothing. */
  readonly advice: readonly Problem[];
  /** Documents in force in no version. */
  readonly missing: readonly string[];
  readonly parsed: ReadonlyMap<string, { readonly text: string; readonly file: ParsedFile }>;
}

export type LoadResult =
  | { readonly kind: "loaded"; readonly loaded: Loaded; readonly complete: boolean }
  /** Without an earlier version there is nothing to run; with one, nothing of the change went live. */
  | { readonly kind: "rejected"; readonly problems: readonly Problem[] };

export interface LoadInput {
  /** Absolute folder of the project. */
  readonly directory: string;
  readonly paths: ProjectPaths;
  /** The project's own files and all mesh files. */
  readonly files: readonly SourceFile[];
  readonly env: Readonly<Record<string, string>>;
  /** What the issuer of tokens runs; undefined: nothing is run. */
  readonly issuer?: IssuerProgram | undefined;
  /** Services that run whatever their profiles are. */
  readonly named?: ReadonlySet<string> | undefined;
  /** How many instances run, by service, where somebody asked for another number than the project file's. */
  readonly scales?: ReadonlyMap<string, number> | undefined;
  /** What reading found. */
  readonly problems: readonly Problem[];
  /** Laid over `files`: a document takes the place of the one with its name. */
  readonly draft?: readonly SourceFile[];
}

/** Files in, mesh out. What is invalid keeps its last valid version (model.md §3); `complete` says that nothing had to. */
export function loadMesh(previous: Loaded | undefined, input: LoadInput): LoadResult {
  const sources = new Map(input.files.map((file) => [file.path, file] as const));
  const variables = projectEnvironment(
    input.env,
    input.paths.dotenv.flatMap((path) => sources.get(path) ?? []),
  );
  const project = readProject(previous, input, sources, variables);
  if (project.value === undefined)
    return {
      kind: "rejected",
      problems: sortProblems([...input.problems, ...variables.problems, ...project.problems]),
    };
  const own = new Set([...input.paths.files, ...input.paths.dotenv, ...envFilesOf(project.value, input.directory)]);
  const parsed = new Map<string, { readonly text: string; readonly file: ParsedFile }>();
  const recipes: Problem[] = [];
  for (const source of [...input.files, ...(input.paths.given ?? [])]) {
    if (own.has(source.path)) continue;
    if (isKustomization(source)) {
      recipes.push(notBuilt(source));
      continue;
    }
    const known = previous?.parsed.get(source.path);
    parsed.set(source.path, known?.text === source.text ? known : { text: source.text, file: parseDocuments(source) });
  }
  const written = Array.from(parsed.values(), ({ file }) => file);
  const accepted = acceptFiles(previous?.accepted, layOver(written, input.draft?.map(parseDocuments) ?? []));
  const meaning = resolve(project.value, accepted.resources, {
    directory: input.directory,
    env: variables.env,
    added: variables.added,
    envFiles: sources,
    profiles: input.paths.profiles,
    ...(input.named === undefined ? {} : { named: input.named }),
    ...(input.issuer === undefined ? {} : { issuer: input.issuer }),
    ...(input.scales === undefined ? {} : { scales: input.scales }),
    ...(previous === undefined ? {} : { previous: previous.mesh }),
  });
  const problems = sortProblems([
    ...input.problems,
    ...variables.problems,
    ...recipes,
    ...project.problems,
    ...accepted.problems,
    ...meaning.problems,
  ]);
  if (meaning.value === undefined) return { kind: "rejected", problems };
  return {
    kind: "loaded",
    loaded: {
      project: project.value,
      projectProblems: project.problems,
      named: input.files.filter(({ path }) => own.has(path)),
      env: variables.env,
      accepted,
      mesh: meaning.value,
      problems,
      advice: adviceOf(parsed, meaning.value, problems),
      missing: accepted.missing.map((document) => document.label),
      parsed,
    },
    complete: !problems.some((problem) => problem.severity === "error"),
  };
}

function layOver(files: readonly ParsedFile[], draft: readonly ParsedFile[]): readonly ParsedFile[] {
  if (draft.length === 0) return files;
  const paths = new Set(draft.map(({ path }) => path));
  const keys = new Set(draft.flatMap(({ documents }) => documents.map(({ key }) => key)));
  const left = files
    .filter(({ path }) => !paths.has(path))
    .map((file) => ({
      ...file,
      documents: file.documents.filter(({ key }) => key === undefined || !keys.has(key)),
    }));
  return [...left, ...draft];
}

/** Findings of analyzers as warnings: Istio's webhook would let the resources pass. Notes about style are for `check`. */
function adviceOf(
  parsed: ReadonlyMap<string, { readonly file: ParsedFile }>,
  mesh: Mesh,
  problems: readonly Problem[],
): readonly Problem[] {
  const objects = Array.from(parsed.values(), ({ file }) => file.documents)
    .flat()
    .flatMap(({ object }) => object ?? []);
  const found = analysisProblems(objects, { mesh, certificateFault: () => undefined });
  return withoutEchoes(found, problems)
    .filter(({ severity }) => severity !== "info")
    .map((problem) => ({ ...problem, severity: "warning" }));
}

interface ProjectReading {
  readonly value: ProjectSpec | undefined;
  readonly problems: readonly Problem[];
}

/** An invalid project file keeps its last valid version, as every other file does. */
function readProject(
  previous: Loaded | undefined,
  { paths }: LoadInput,
  sources: ReadonlyMap<string, SourceFile>,
  { env }: ProjectEnvironment,
): ProjectReading {
  if (paths.files.length === 0) return { value: withInputs(bareProject, paths), problems: [] };
  const missing = paths.files.filter((path) => !sources.has(path) && !paths.optional.includes(path));
  const [file, ...overlays] = paths.files.flatMap((path) => sources.get(path) ?? []);
  if (file === undefined || missing.length > 0) return { value: previous?.project, problems: missing.map(missingFile) };
  if (previous !== undefined && isSame(previous, [file, ...overlays], env))
    return { value: previous.project, problems: previous.projectProblems };
  const checked = parseProject(file, env, overlays);
  const value = checked.value === undefined ? previous?.project : withInputs(checked.value, paths);
  return { value, problems: checked.problems };
}

function isSame(
  { project, env: before }: Loaded,
  files: readonly SourceFile[],
  env: Readonly<Record<string, string>>,
): boolean {
  return JSON.stringify([project.sources, before]) === JSON.stringify([files, env]);
}

function missingFile(path: string): Problem {
  return {
    code: "MD1003",
    severity: "error",
    message: `${path} is not there`,
    hint: "run `meshdev init`, or name the folder with -C",
    at: { file: path, line: 1, column: 1 },
  };
}

/** Paths of the files that services read variables from. */
export function envFilesOf(project: ProjectSpec, directory: string): readonly string[] {
  return [...project.services, ...project.variants].flatMap(({ envFiles = [] }) =>
    envFiles.map(({ path }) => shownPath(directory, path)),
  );
}
