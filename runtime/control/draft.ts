import type { Problem } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import type { Mesh } from "../model/mesh.ts";
import { loadMesh, type Loaded, type LoadInput } from "./load.ts";

/** The mesh as it would be with files laid over those that are loaded. A draft that is not valid is refused: nothing stands in for it. */
export function loadDraft(
  loaded: Loaded,
  input: Omit<LoadInput, "files" | "draft">,
  draft: readonly SourceFile[],
): { readonly ok: true; readonly mesh: Mesh } | { readonly ok: false; readonly problems: readonly Problem[] } {
  const files = [...loaded.named, ...Array.from(loaded.parsed, ([path, { text }]) => ({ path, text }))];
  const result = loadMesh(loaded, { ...input, files, draft });
  if (result.kind === "rejected") return { ok: false, problems: result.problems };
  const paths = new Set(draft.map(({ path }) => path));
  const before = new Set(loaded.problems.map(textOf));
  const fresh = result.loaded.problems.filter(
    (problem) => problem.severity === "error" && (paths.has(problem.at?.file ?? "") || !before.has(textOf(problem))),
  );
  return fresh.length > 0 ? { ok: false, problems: fresh } : { ok: true, mesh: result.loaded.mesh };
}

function textOf(problem: Problem): string {
  return JSON.stringify(problem);
}
