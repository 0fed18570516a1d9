import { systemClock } from "./core/clock.ts";
import { MeshError } from "./core/error.ts";
import { type Problem, sortProblems } from "./core/problem.ts";
import { acceptFiles } from "./config/accept.ts";
import { parseDocuments } from "./config/documents.ts";
import type { ProjectChoice } from "./config/project-paths.ts";
import { loadFirst } from "./control/first-load.ts";
import { findTestFiles, readSourceFile, testFilesAt } from "./host/find-test-files.ts";
import { findProjectFiles } from "./host/project-files.ts";
import { readMeshFiles } from "./host/read-mesh-files.ts";
import { createIssuerKey, issuerKeySet, signToken } from "./identity/issuer.ts";
import type { Mesh } from "./model/mesh.ts";
import type { Resource } from "./model/resource.ts";
import { checkNames } from "./suite/check-names.ts";
import type { Signer, Surroundings } from "./suite/offline.ts";
import { type Coverage, coverageOf } from "./suite/coverage.ts";
import { mutate, type MutationReport } from "./suite/mutate.ts";
import {
  type CaseReport,
  countCases,
  type LiveOutcome,
  reportCase,
  type TestCounts,
  type TestEngine,
} from "./suite/report.ts";
import { type AskedCase, askCases } from "./suite/run.ts";
import { parseTestFile, type TestFile } from "./suite/test-file.ts";
import { fetchKeySets } from "./tokens.ts";

export interface TestOptions {
  readonly chosen?: ProjectChoice | undefined;
  /** Files and folders; empty: all of the project. */
  readonly paths: readonly string[];
  /** Only cases whose name or place matches. */
  readonly select: RegExp | undefined;
  /** Also what of the policies the cases were held against. */
  readonly coverage?: boolean;
  /** Also what they make of policies that are wrong in one place. */
  readonly mutate?: boolean;
}

/** Everything that is needed to ask about cases. */
export interface LoadedTests {
  readonly directory: string;
  readonly mesh: Mesh;
  readonly files: readonly TestFile[];
  readonly surroundings: Surroundings;
}

export interface TestReport {
  readonly directory: string;
  readonly engine: TestEngine;
  readonly files: readonly string[];
  readonly cases: readonly CaseReport[];
  readonly counts: TestCounts;
  /** Null: nobody asked for it. */
  readonly coverage: Coverage | null;
  readonly mutation: MutationReport | null;
}

/** Reads a project, its tests and all that they name. @throws MeshError MD8003, MD8005, MD1020…MD1022 */
export async function loadTests(directory: string, options: TestOptions): Promise<LoadedTests> {
  const mesh = loadMeshFor(directory, options.chosen);
  const paths = pathsOf(directory, options.paths);
  const problems: Problem[] = [];
  const files = paths.flatMap((path) => {
    const source = readSourceFile(directory, path);
    if (typeof source === "string") {
      problems.push(unreadable(path, source));
      return [];
    }
    const parsed = parseTestFile(source);
    problems.push(...parsed.problems);
    return parsed.value === undefined ? [] : [selected(parsed.value, options.select)];
  });
  const cases = files.flatMap((file) => file.cases);
  const added = readPolicies(directory, new Set(cases.flatMap(({ given }) => given.policies)), problems);
  const tokens = readTokens(directory, cases, problems);
  for (const file of files) problems.push(...checkNames(file, mesh, added));
  requireNone(problems);
  const keySets = cases.some(({ token }) => token?.kind === "file") ? await fetchKeySets(directory, mesh) : new Map();
  return {
    directory,
    mesh,
    files,
    surroundings: { clock: systemClock, keySets, added, tokens, signer: createSigner() },
  };
}

/** The cases on paper. @throws MeshError MD1022 */
export function askOffline({ files, mesh, surroundings }: LoadedTests): readonly AskedCase[] {
  const { asked, problems } = askCases(files, mesh, surroundings);
  requireNone(problems);
  return asked;
}

/** `cases`: each with what it was on paper. */
export function reportTests(
  { directory, mesh, files, surroundings }: LoadedTests,
  { engine, coverage, mutate: mutates }: Pick<TestOptions, "coverage" | "mutate"> & { readonly engine: TestEngine },
  cases: readonly { readonly asked: AskedCase; readonly live?: LiveOutcome }[],
): TestReport {
  const reports = cases.map(({ asked, live }) => reportCase(asked, engine, live));
  const asked = cases.map((each) => each.asked);
  return {
    directory,
    engine,
    files: files.map(({ path }) => path),
    cases: reports,
    counts: countCases(reports),
    coverage: coverage === true ? coverageOf(mesh, asked) : null,
    mutation: mutates === true ? mutate(mesh, surroundings, asked) : null,
  };
}

/** Everything at once, without any process. */
export async function runOffline(directory: string, options: TestOptions): Promise<TestReport> {
  const loaded = await loadTests(directory, options);
  const cases = askOffline(loaded).map((asked) => ({ asked }));
  return reportTests(loaded, { ...options, engine: "offline" }, cases);
}

function loadMeshFor(directory: string, chosen: ProjectChoice | undefined): Mesh {
  const paths = findProjectFiles(directory, chosen);
  const { result } = loadFirst({ directory, paths, env: process.env }, readMeshFiles);
  const found = result.kind === "rejected" ? result.problems : result.loaded.problems;
  const problems = found.filter(({ severity }) => severity === "error");
  if (result.kind === "rejected" || problems.length > 0) {
    throw new MeshError("MD8003", "the project is not valid, so its tests say nothing", {
      problems,
      hint: "Fix the problems above; `meshdev check` shows them all.",
    });
  }
  return result.loaded.mesh;
}

function pathsOf(directory: string, named: readonly string[]): readonly string[] {
  if (named.length > 0) {
    return named.flatMap((path) => {
      const found = testFilesAt(directory, path);
      if (found === undefined || found.length === 0)
        throw new MeshError(
          "MD8005",
          found === undefined ? `there is no file ${path}` : `there are no tests in ${path}`,
          {
            hint: "Tests are files named *.mesh-test.yaml.",
          },
        );
      return found;
    });
  }
  const found = findTestFiles(directory);
  if (found.length > 0) return found;
  throw new MeshError("MD8005", `there are no tests in ${directory}`, {
    hint: "Write *.mesh-test.yaml beside your policies; `meshdev schema test` prints what it may say.",
  });
}

function selected(file: TestFile, select: RegExp | undefined): TestFile {
  if (select === undefined) return file;
  const matches = file.cases.filter(({ name, at }) => select.test(name) || select.test(`${at.file}:${at.line}`));
  return { ...file, cases: matches };
}

function readPolicies(
  directory: string,
  paths: ReadonlySet<string>,
  problems: Problem[],
): ReadonlyMap<string, readonly Resource[]> {
  const added = new Map<string, readonly Resource[]>();
  for (const path of paths) {
    const source = readSourceFile(directory, path);
    if (typeof source === "string") {
      problems.push(unreadable(path, source));
      continue;
    }
    const accepted = acceptFiles(undefined, [parseDocuments(source)]);
    problems.push(...accepted.problems.filter(({ severity }) => severity === "error"));
    added.set(path, accepted.resources);
  }
  return added;
}

function readTokens(directory: string, cases: TestFile["cases"], problems: Problem[]): ReadonlyMap<string, string> {
  const tokens = new Map<string, string>();
  for (const { token } of cases) {
    if (token?.kind !== "file" || tokens.has(token.path)) continue;
    const source = readSourceFile(directory, token.path);
    if (typeof source === "string") problems.push(unreadable(token.path, source));
    tokens.set(token.path, typeof source === "string" ? "" : source.text.trim());
  }
  return tokens;
}

function unreadable(path: string, why: string): Problem {
  const at = { file: path, line: 1, column: 1 };
  return { code: "MD6006", severity: "error", message: `${path} cannot be read: ${why}`, at };
}

function requireNone(problems: readonly Problem[]): void {
  const sorted = sortProblems(problems);
  const [first] = sorted;
  if (first !== undefined) throw new MeshError(first.code, "the tests cannot be run", { problems: sorted });
}

/** One throw-away key, made when the first case needs it; equal claims are signed once. */
function createSigner(): Signer {
  let made: string | undefined;
  const key = (): string => (made ??= createIssuerKey());
  const signed = new Map<string, string>();
  return {
    keySet: () => issuerKeySet(key()),
    sign: (claims) => {
      const text = JSON.stringify(claims);
      const token = signed.get(text) ?? signToken(key(), claims);
      signed.set(text, token);
      return token;
    },
  };
}
