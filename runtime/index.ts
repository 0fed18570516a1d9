import type { MatrixQuestion } from "./access/ask.ts";
import type { MatrixRecord } from "./access/record.ts";
import type { CheckResult } from "./analysis/check.ts";
import type { Suppression } from "./analysis/suppression.ts";
import type { FidelityRow } from "./config/fidelity/rows.ts";
import type { ReadSettings } from "./config/settings.ts";
import type { EventOptions, MeshClient, StateLine } from "./control/client.ts";
import type { StartedDaemon } from "./control/daemon-process.ts";
import type { DaemonOptions, StartFailure } from "./control/start-report.ts";
import type { ComparedSide, Comparison } from "./comparison.ts";
import type { Checked } from "./core/problem.ts";
import type { MachineCheck } from "./host/examination.ts";
import type { SessionRecord } from "./host/session.ts";
import type { LiveCall, LiveSession } from "./live-session.ts";
import type { Outcome } from "./suite/outcome.ts";
import type { Mesh } from "./model/mesh.ts";
import type { SessionInfo } from "./model/session.ts";
import type { ProxySnapshot } from "./model/snapshot.ts";
import type { RequestFacts } from "./model/decision.ts";
import type { MisplacedPolicy } from "./predict/misplaced.ts";
import type { PredictedCall, Prediction } from "./predict/call.ts";
import type { Coverage } from "./suite/coverage.ts";
import type { MutationReport } from "./suite/mutate.ts";
import type { CaseReport, TestEngine } from "./suite/report.ts";
import type { TestOptions, TestReport } from "./tests.ts";
import type { ProbeRequest } from "./probe/probe.ts";
import type { ProbeFinding, ProbeReport } from "./probe/report.ts";
import type { SuggestRequest } from "./suggestions.ts";
import type { SuggestionReport, SuggestReport } from "./suggest/report.ts";
import type { CallToken, MintedToken, MintRequest } from "./tokens.ts";

export type {
  CallToken,
  CaseReport,
  CheckResult,
  ComparedSide,
  Comparison,
  Coverage,
  DaemonOptions,
  EventOptions,
  MachineCheck,
  MatrixRecord,
  FidelityRow,
  MeshClient,
  MutationReport,
  PredictedCall,
  Prediction,
  ProbeFinding,
  ProbeReport,
  ProbeRequest,
  SessionInfo,
  StartedDaemon,
  StartFailure,
  StateLine,
  SuggestionReport,
  SuggestReport,
  Suppression,
  TestEngine,
  TestReport,
};

/** The options of `up`; what is missing has the default that the field of DaemonOptions names. */
export type StartOptions = Pick<DaemonOptions, "directory"> & Partial<DaemonOptions>;

/**
 * Starts the mesh of a project folder in a daemon of its own and resolves when it can be connected to; `ready` follows.
 * Throws a MeshError when it cannot start: with `problems` when files are invalid, MD7005 when it runs already.
 */
export async function startDaemon(options: StartOptions): Promise<StartedDaemon> {
  const [{ startDaemonProcess }, { withCompileCache }] = await Promise.all([
    import("./control/daemon-process.ts"),
    import("./control/compile-cache.ts"),
  ]);
  const complete: DaemonOptions = {
    file: undefined,
    services: [],
    noDeps: false,
    allowInvalid: false,
    svidTtlMs: undefined,
    caDirectory: undefined,
    freshCa: false,
    watch: true,
    drain: "strict",
    capture: "auto",
    detach: false,
    ...options,
  };
  return startDaemonProcess(await programFile("daemon"), complete, withCompileCache(process.env));
}

/** The mesh that runs for a project folder. */
export async function findSession(directory: string): Promise<SessionInfo | undefined> {
  const [{ findSession: find }, { currentUser }] = await Promise.all([
    import("./host/session.ts"),
    import("./host/session-folder.ts"),
  ]);
  const record = find(directory, currentUser());
  return record === undefined ? undefined : sessionInfo(record);
}

/** Every mesh that runs for this user. */
export async function listSessions(): Promise<readonly SessionInfo[]> {
  const [{ listSessions: list }, { currentUser }] = await Promise.all([
    import("./host/session.ts"),
    import("./host/session-folder.ts"),
  ]);
  return (await list(currentUser())).map(sessionInfo);
}

function sessionInfo(record: SessionRecord): SessionInfo {
  const folder = record.control.slice(0, record.control.lastIndexOf("/"));
  return {
    id: record.id,
    directory: record.directory,
    folder,
    socket: record.control,
    pid: record.pid,
    startedAt: record.startedAt,
  };
}

/** A client of a running mesh; nothing is sent before it is asked something. */
export async function connect(session: Pick<SessionInfo, "socket">): Promise<MeshClient> {
  const { connectTo } = await import("./control/client.ts");
  return connectTo(session.socket);
}

/** Reads and checks a project without running anything. `value` is there when it would run, perhaps without what is invalid. */
export async function loadProject(
  directory: string,
  options: { readonly file?: string | undefined } = {},
): Promise<Checked<Mesh>> {
  const [{ loadFirst }, { findProjectFile }, { readMeshFiles }] = await Promise.all([
    import("./control/first-load.ts"),
    import("./control/project-file.ts"),
    import("./host/read-mesh-files.ts"),
  ]);
  const { result } = loadFirst(
    { directory, projectFile: findProjectFile(directory, options.file), env: process.env },
    readMeshFiles,
  );
  return result.kind === "rejected"
    ? { problems: result.problems }
    : { value: result.loaded.mesh, problems: result.loaded.problems };
}

export interface CheckOptions {
  /** Project file, when it has another name. */
  readonly file?: string | undefined;
  readonly filesOnly?: boolean;
  /** `IST0128=DestinationRule bank/d`. */
  readonly suppressions?: readonly Suppression[];
}

/** Everything that is wrong with a project, Istio's analyzers included. */
export async function checkProject(directory: string, options: CheckOptions): Promise<CheckResult> {
  const [{ loadFirst }, { findProjectFile }, { readMeshFiles }, { checkParsed }, { certificateFault }] =
    await Promise.all([
      import("./control/first-load.ts"),
      import("./control/project-file.ts"),
      import("./host/read-mesh-files.ts"),
      import("./analysis/check.ts"),
      import("./host/served-certificate.ts"),
    ]);
  const { result } = loadFirst(
    { directory, projectFile: findProjectFile(directory, options.file), env: process.env },
    readMeshFiles,
  );
  const { filesOnly = false, suppressions = [] } = options;
  const request = { filesOnly, suppressions, certificateFault };
  return result.kind === "rejected"
    ? checkParsed([], result.problems, request)
    : checkParsed(
        Array.from(result.loaded.parsed.values(), ({ file }) => file),
        result.loaded.problems,
        { ...request, mesh: result.loaded.mesh },
      );
}

/** The same for files and folders of YAML without a project; `stdin`: the text that `-` among the paths stands for. */
export async function checkPaths(
  directory: string,
  paths: readonly string[],
  options: CheckOptions & { readonly stdin?: string },
): Promise<CheckResult> {
  const [{ readMeshFiles }, { checkFiles }, { certificateFault }] = await Promise.all([
    import("./host/read-mesh-files.ts"),
    import("./analysis/check.ts"),
    import("./host/served-certificate.ts"),
  ]);
  const { files, problems } = readMeshFiles(
    directory,
    paths.filter((path) => path !== "-"),
  );
  const { filesOnly = false, suppressions = [], stdin } = options;
  const all = stdin === undefined ? files : [...files, { path: "-", text: stdin }];
  return checkFiles(all, { filesOnly, suppressions, certificateFault }, problems);
}

/** Undefined unless it is written like `IST0128=DestinationRule bank/d`. */
export async function readSuppression(text: string): Promise<Suppression | undefined> {
  return (await import("./analysis/suppression.ts")).parseSuppression(text);
}

/**
 * What would happen to one call, by the very functions that decide in a sidecar; keys that rules name are fetched first when it
 * carries a token. Throws MD8005 for a name that the mesh does not have.
 */
export async function predict(
  mesh: Mesh,
  call: PredictedCall,
  directory: string,
  token?: CallToken,
): Promise<Prediction> {
  const [{ predictCall }, { systemClock }] = await Promise.all([
    import("./predict/call.ts"),
    import("./core/clock.ts"),
  ]);
  if (token?.kind === "claims") {
    const { supposeClaims } = await import("./tokens.ts");
    const supposed = supposeClaims(mesh, call, token.claims);
    return predictCall(supposed.suppose(mesh), supposed.call, systemClock);
  }
  const { fetchKeySets } = await import("./tokens.ts");
  const keySets = await fetchKeySets(directory, mesh);
  if (token === undefined) return predictCall(mesh, call, systemClock, keySets);
  const { carryToken } = await import("./predict/token-call.ts");
  return predictCall(mesh, carryToken(mesh, call, token.token), systemClock, keySets);
}

/** The smallest edits of a project's files that would allow a call. @throws MeshError MD8003, MD8005 */
export async function suggest(directory: string, request: SuggestRequest): Promise<SuggestReport> {
  const { suggestFor } = await import("./suggestions.ts");
  return suggestFor(directory, request);
}

/** Writes an edit into the project's files. @throws MeshError MD8006 when they have changed meanwhile */
export async function applySuggestion(directory: string, suggestion: Pick<SuggestionReport, "files">): Promise<void> {
  const { applySuggestion: apply } = await import("./suggestions.ts");
  apply(directory, suggestion);
}

/** What becomes of a call for real, through the sidecars of a running mesh of the project. @throws MeshError MD8001 when it cannot be asked so */
export async function askLive(asked: LiveCall, live: LiveSession, signal: AbortSignal): Promise<Outcome> {
  return (await import("./live-session.ts")).askLive(asked, live, signal);
}

/** Policies that would let a refused request in if they applied to its workload: in words, with their places. */
export async function misplacedPolicies(
  mesh: Mesh,
  workload: string,
  facts: RequestFacts,
): Promise<readonly MisplacedPolicy[]> {
  const { misplacedPolicies: find } = await import("./predict/misplaced.ts");
  const found = mesh.workloads.find(({ id }) => id === workload);
  return found === undefined ? [] : find(mesh, found, facts);
}

/** The policy tests of a project, asked of the engine alone. @throws MeshError MD8003, MD8005, MD1020…MD1022 */
export async function runTests(directory: string, options: TestOptions): Promise<TestReport> {
  const { runOffline } = await import("./tests.ts");
  return runOffline(directory, options);
}

/** The same in a thread of its own, for callers that have something to draw meanwhile. */
export async function runTestsAside(directory: string): Promise<TestReport> {
  const { runInThread } = await import("./test-thread.ts");
  return runInThread(await programFile("test-worker"), { directory, paths: [] });
}

/** Tells when YAML files of a project have changed; resolves when it has begun to look. */
export async function watchProject(
  directory: string,
  onChange: () => void,
): Promise<{ readonly close: () => Promise<void> }> {
  const [{ watchYaml }, { systemClock }] = await Promise.all([
    import("./host/watch-yaml.ts"),
    import("./core/clock.ts"),
  ]);
  const watcher = watchYaml(directory, systemClock, onChange);
  await watcher.ready;
  return watcher;
}

/** The same through the sidecars of a running mesh of the project; `both`: also of the engine. */
export async function runLiveTests(
  directory: string,
  options: TestOptions & { readonly engine: "live" | "both" },
  live: LiveSession,
  signal: AbortSignal,
): Promise<TestReport> {
  const [{ loadTests, reportTests }, { askBoth }] = await Promise.all([
    import("./tests.ts"),
    import("./live-tests.ts"),
  ]);
  const loaded = await loadTests(directory, options);
  return reportTests(loaded, options, await askBoth(loaded, live, signal));
}

/** Who may call what, by the files of a mesh or by what its sidecars obey. @throws MeshError MD8005 */
export async function accessMatrix(
  source: Mesh | readonly ProxySnapshot[],
  question: MatrixQuestion,
): Promise<MatrixRecord> {
  const [{ askMatrix }, { snapshotsOfMesh }] = await Promise.all([
    import("./access/ask.ts"),
    import("./comparison.ts"),
  ]);
  return askMatrix("workloads" in source ? snapshotsOfMesh(source) : source, question);
}

/** What access differs between two folders or git revisions. @throws MeshError MD8003, MD8011 */
export async function compareSides(
  sides: { readonly before: ComparedSide; readonly after: ComparedSide },
  directory: () => string,
): Promise<Comparison> {
  return (await import("./comparison.ts")).compareSides(sides, directory);
}

/** A token of the project's issuer for development. A project that is not valid has no rules to look at. @throws MeshError MD6010 */
export async function mintToken(
  directory: string,
  { file, ...request }: MintRequest & { readonly file?: string | undefined },
): Promise<MintedToken> {
  const { mintDevToken } = await import("./tokens.ts");
  const { value } = await loadProject(directory, { file });
  return mintDevToken(directory, value, request);
}

/** The file of a command as a shell in `directory` would find it. @throws MeshError MD4001 */
export async function findProgram(command: string, directory: string, path: string | undefined): Promise<string> {
  const { findExecutable } = await import("./host/find-executable.ts");
  return findExecutable(command, directory, path);
}

/** Tries what meshdev needs of this machine, one topic after the other. */
export async function examineMachine(): Promise<readonly MachineCheck[]> {
  const { examineMachine: examine } = await import("./host/examination.ts");
  return examine((await import("./host/session-folder.ts")).currentUser());
}

/** Attacks a service of a running mesh and tells what reached its programs. `client` keeps the borrowed identities until it is closed. @throws MeshError MD8001, MD8005 */
export async function probe(
  session: SessionInfo,
  client: MeshClient,
  request: ProbeRequest,
  signal: AbortSignal,
): Promise<ProbeReport> {
  const [{ probeMesh }, { systemClock }] = await Promise.all([import("./probe/probe.ts"), import("./core/clock.ts")]);
  return probeMesh(client, session.folder, request, { clock: systemClock, signal });
}

/** What becomes of each field of Istio's API, and what proves it. */
export async function fidelity(): Promise<readonly FidelityRow[]> {
  return (await import("./config/fidelity/rows.ts")).fidelityRows();
}

/** A person's own settings from the text of a flat YAML file: names with texts. */
export async function readSettings(file: string, text: string): Promise<ReadSettings> {
  const { readSettingsText } = await import("./config/settings.ts");
  return readSettingsText(file, text);
}

export type SchemaName =
  | "project"
  | "test"
  | "test-report"
  | "events"
  | "state"
  | "check"
  | "flips"
  | "doctor"
  | "why"
  | "probe"
  | "matrix"
  | "changes"
  | "suggest"
  | "fidelity";

/** A JSON Schema that is part of the published contract. */
export async function schema(name: SchemaName): Promise<unknown> {
  switch (name) {
    case "project":
      return (await import("./config/project-schema.ts")).projectSchema;
    case "test":
      return (await import("./suite/test-schema.ts")).testSchema;
    case "test-report":
      return (await import("./store/test-report-schema.ts")).testReportSchema;
    case "events":
      return (await import("./store/schemas.ts")).eventSchema;
    case "state":
      return (await import("./store/schemas.ts")).stateSchema;
    case "matrix":
      return (await import("./store/access-schemas.ts")).matrixSchema;
    case "changes":
      return (await import("./store/access-schemas.ts")).changesSchema;
    case "flips":
      return (await import("./store/schemas.ts")).flipsSchema;
    case "why":
      return (await import("./store/why-schema.ts")).whySchema;
    case "doctor":
      return (await import("./store/doctor-schema.ts")).doctorSchema;
    case "suggest":
      return (await import("./store/suggest-schema.ts")).suggestSchema;
    case "check":
      return (await import("./analysis/check-schema.ts")).checkSchema;
    case "fidelity":
      return (await import("./config/fidelity/fidelity-schema.ts")).fidelitySchema;
    case "probe":
      return (await import("./probe/probe-schema.ts")).probeSchema;
  }
}

/** The file of one of our own programs: TypeScript in a checkout, JavaScript in a package. */
async function programFile(name: string): Promise<string> {
  const { fileURLToPath } = await import("node:url");
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return fileURLToPath(new URL(`./${name}.${extension}`, import.meta.url));
}
