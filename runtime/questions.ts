import type { MatrixQuestion } from "./access/ask.ts";
import type { MatrixRecord } from "./access/record.ts";
import type { FidelityRow } from "./config/fidelity/rows.ts";
import type { MeshClient } from "./control/client.ts";
import type { ComparedSide, Comparison } from "./comparison.ts";
import type { LiveCall, LiveSession } from "./live-session.ts";
import type { Outcome } from "./suite/outcome.ts";
import type { Mesh } from "./model/mesh.ts";
import type { SessionInfo } from "./model/session.ts";
import type { ProxySnapshot } from "./model/snapshot.ts";
import type { RequestFacts } from "./model/decision.ts";
import type { MisplacedPolicy } from "./predict/misplaced.ts";
import type { PredictedCall, Prediction } from "./predict/call.ts";
import type { TestOptions, TestReport } from "./tests.ts";
import type { ProbeRequest } from "./probe/probe.ts";
import type { ProbeReport } from "./probe/report.ts";
import type { SuggestRequest } from "./suggestions.ts";
import type { SuggestionReport, SuggestReport } from "./suggest/report.ts";
import type { CallToken } from "./tokens.ts";
import { programFile } from "./program-file.ts";

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
  return runInThread(programFile("test-worker"), { directory, paths: [] });
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
