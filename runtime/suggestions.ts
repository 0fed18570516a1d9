import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ProjectChoice } from "./config/project-paths.ts";
import { systemClock } from "./core/clock.ts";
import { MeshError } from "./core/error.ts";
import { loadFirst } from "./control/first-load.ts";
import { loadMesh } from "./control/load.ts";
import { replaceUsersFile } from "./host/atomic-file.ts";
import { findProjectFiles } from "./host/project-files.ts";
import { readMeshFiles } from "./host/read-mesh-files.ts";
import type { Mesh } from "./model/mesh.ts";
import type { PredictedCall } from "./predict/call.ts";
import { carryToken } from "./predict/token-call.ts";
import { type Ask, askCall } from "./suggest/ask.ts";
import { callOfEvent, type SeenEvent } from "./suggest/event-call.ts";
import { reportOf, type SuggestionReport, type SuggestReport } from "./suggest/report.ts";
import { suggestEdits } from "./suggest/suggest.ts";
import { type CallToken, fetchKeySets, supposeClaims } from "./tokens.ts";

export interface SuggestRequest {
  readonly chosen?: ProjectChoice;
  readonly about:
    | { readonly kind: "call"; readonly call: PredictedCall; readonly token: CallToken | undefined }
    | { readonly kind: "event"; readonly event: SeenEvent };
}

/** The smallest edits of a project's files that would allow a call. @throws MeshError MD8003, MD8005 */
export async function suggestFor(directory: string, { chosen, about }: SuggestRequest): Promise<SuggestReport> {
  const paths = findProjectFiles(directory, chosen);
  const { result, files, env } = loadFirst({ directory, paths, env: process.env }, readMeshFiles);
  if (result.kind === "rejected" || !result.complete) {
    const problems = result.kind === "rejected" ? result.problems : result.loaded.problems;
    throw new MeshError("MD8003", "the project is not valid, so no edit can be tried", {
      problems: problems.filter(({ severity }) => severity === "error"),
      hint: "Fix the problems above; `meshdev check` shows them all.",
    });
  }
  const { loaded } = result;
  const { mesh, named } = loaded;
  const own = new Set(named.map(({ path }) => path));
  const { call, token } = about.kind === "call" ? about : rebuilt(mesh, about.event);
  return reportOf(
    call,
    suggestEdits({
      mesh,
      files: files.files.filter(({ path }) => !own.has(path)),
      ask: await bindAsk(directory, mesh, call, token),
      load: (changed) => {
        const input = { directory, paths, env, problems: [] };
        const all = [...named, ...changed];
        const next = loadMesh(loaded, { ...input, files: all });
        return next.kind === "loaded" && next.complete ? next.loaded.mesh : undefined;
      },
    }),
  );
}

function rebuilt(
  mesh: Mesh,
  event: SeenEvent,
): { readonly call: PredictedCall; readonly token: CallToken | undefined } {
  const seen = callOfEvent(mesh, event);
  if (seen === undefined)
    throw new MeshError(
      "MD8005",
      `${event.to.workload ?? event.to.address}, to which ${event.id} went, is not there any more`,
    );
  const { call, claims } = seen;
  return { call, token: claims === undefined ? undefined : { kind: "claims", claims } };
}

async function bindAsk(directory: string, mesh: Mesh, call: PredictedCall, token: CallToken | undefined): Promise<Ask> {
  if (token?.kind === "claims") {
    const { suppose, call: carrying } = supposeClaims(mesh, call, token.claims);
    const ask = askCall(carrying, systemClock);
    return (changed) => ask(suppose(changed));
  }
  const keySets = await fetchKeySets(directory, mesh);
  return askCall(token === undefined ? call : carryToken(mesh, call, token.token), systemClock, { keySets });
}

/** Writes an edit. @throws MeshError MD8006 when a file says something else than when the edit was made */
export function applySuggestion(directory: string, { files }: Pick<SuggestionReport, "files">): void {
  for (const { path, before } of files) requireUnchanged(directory, path, before);
  for (const { path, after } of files) replaceUsersFile(resolve(directory, path), after);
}

function requireUnchanged(directory: string, path: string, before: string): void {
  if (readFileSync(resolve(directory, path), "utf8") !== before)
    throw new MeshError("MD8006", `${path} has changed meanwhile, and nothing was written`, {
      hint: "Ask again: the edit is made for what the file says now.",
    });
}
