import type { MatrixRecord } from "./access/record.ts";
import type { CheckResult } from "./analysis/check.ts";
import type { Suppression } from "./analysis/suppression.ts";
import type { FidelityRow } from "./config/fidelity/rows.ts";
import type { ProjectChoice } from "./config/project-paths.ts";
import type { ReadSettings } from "./config/settings.ts";
import type { EventOptions, MeshClient, StateLine } from "./control/client.ts";
import type { StartedDaemon } from "./control/daemon-process.ts";
import type { DaemonOptions, StartFailure } from "./control/start-report.ts";
import type { ComparedSide, Comparison } from "./comparison.ts";
import type { Checked, Problem } from "./core/problem.ts";
import type { SourceFile } from "./core/source.ts";
import type { MachineCheck } from "./host/examination.ts";
import type { Leftover } from "./host/containers/leftovers.ts";
import type { SessionRecord } from "./host/session.ts";
import type { Mesh } from "./model/mesh.ts";
import type { SessionInfo } from "./model/session.ts";
import type { PredictedCall, Prediction } from "./predict/call.ts";
import type { Coverage } from "./suite/coverage.ts";
import type { MutationReport } from "./suite/mutate.ts";
import type { CaseReport, TestEngine } from "./suite/report.ts";
import type { TestReport } from "./tests.ts";
import type { ProbeRequest } from "./probe/probe.ts";
import type { ProbeFinding, ProbeReport } from "./probe/report.ts";
import type { ProjectView } from "./project-view.ts";
import type { SuggestionReport, SuggestReport } from "./suggest/report.ts";
import type { ImportedProject } from "./project-import.ts";
import type { CallToken, MintedToken, MintRequest } from "./tokens.ts";
import { programFile } from "./program-file.ts";

export {
  accessMatrix,
  applySuggestion,
  askLive,
  compareSides,
  fidelity,
  misplacedPolicies,
  predict,
  probe,
  runLiveTests,
  runTests,
  runTestsAside,
  suggest,
  watchProject,
} from "./questions.ts";
export { schema, type SchemaName } from "./schema.ts";

export type {
  ProjectChoice,
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
    chosen: {},
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
  return startDaemonProcess(programFile("daemon"), complete, withCompileCache(process.env));
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
export async function loadProject(directory: string, chosen: ProjectChoice = {}): Promise<Checked<Mesh>> {
  const [{ loadFirst }, { findProjectFiles }, { readMeshFiles }] = await Promise.all([
    import("./control/first-load.ts"),
    import("./host/project-files.ts"),
    import("./host/read-mesh-files.ts"),
  ]);
  const { result } = loadFirst(
    { directory, paths: findProjectFiles(directory, chosen), env: process.env },
    readMeshFiles,
  );
  return result.kind === "rejected"
    ? { problems: result.problems }
    : { value: result.loaded.mesh, problems: result.loaded.problems };
}

export interface CheckOptions {
  readonly chosen?: ProjectChoice;
  readonly filesOnly?: boolean;
  /** `IST0128=DestinationRule bank/d`. */
  readonly suppressions?: readonly Suppression[];
}

/** Everything that is wrong with a project, Istio's analyzers included. */
export async function checkProject(directory: string, options: CheckOptions): Promise<CheckResult> {
  const { chosen, filesOnly = false, suppressions = [] } = options;
  const [{ loadFirst }, { findProjectFiles }, { readMeshFiles }, { checkParsed }, { certificateFault }] =
    await Promise.all([
      import("./control/first-load.ts"),
      import("./host/project-files.ts"),
      import("./host/read-mesh-files.ts"),
      import("./analysis/check.ts"),
      import("./host/served-certificate.ts"),
    ]);
  const { result } = loadFirst(
    { directory, paths: findProjectFiles(directory, chosen), env: process.env },
    readMeshFiles,
  );
  const request = { filesOnly, suppressions, certificateFault };
  return result.kind === "rejected"
    ? checkParsed([], result.problems, request)
    : checkParsed(
        Array.from(result.loaded.parsed.values(), ({ file }) => file),
        result.loaded.problems,
        { ...request, mesh: result.loaded.mesh },
      );
}

/** The project as one file would say it: laid over each other, variables replaced, without services of other profiles. */
export async function viewProject(
  directory: string,
  chosen: ProjectChoice,
  showOrigin: boolean,
): Promise<Checked<ProjectView>> {
  return (await import("./project-view.ts")).viewProject(directory, chosen, showOrigin);
}

/** The project file that says the same as a Procfile. */
export async function importProcfile(
  file: SourceFile,
): Promise<{ readonly yaml: string; readonly problems: readonly Problem[] }> {
  return (await import("./config/procfile.ts")).importProcfile(file);
}

/** Compose files or Kubernetes YAML as a project file that says the same. */
export async function importProject(directory: string, chosen: ProjectChoice): Promise<ImportedProject> {
  return (await import("./project-import.ts")).importProject(directory, chosen);
}

/** What the chosen profiles of a project set. */
export async function profileSettings(
  directory: string,
  chosen: ProjectChoice,
): Promise<{ readonly ui?: "plain" | undefined }> {
  return (await import("./project-view.ts")).chosenSettings(directory, chosen);
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

/** A token of the project's issuer for development. A project that is not valid has no rules to look at. @throws MeshError MD6010 */
export async function mintToken(
  directory: string,
  { chosen, ...request }: MintRequest & { readonly chosen?: ProjectChoice },
): Promise<MintedToken> {
  const { mintDevToken } = await import("./tokens.ts");
  const { value } = await loadProject(directory, chosen);
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

/** What killed daemons left in the container engine; with `remove` it is gone afterwards. @throws MeshError MD6021 to MD6029 */
export async function pruneContainers(options: {
  readonly remove: boolean;
  readonly volumes: boolean;
}): Promise<readonly Leftover[]> {
  return (await import("./leftovers.ts")).pruneContainers(options);
}

/** A person's own settings from the text of a flat YAML file: names with texts. */
export async function readSettings(file: string, text: string): Promise<ReadSettings> {
  const { readSettingsText } = await import("./config/settings.ts");
  return readSettingsText(file, text);
}
