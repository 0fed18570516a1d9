import { assertNever } from "../core/assert-never.ts";
import type { Problem } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import type { Comparison, FlipsAnswer, FlipsQuestion } from "../model/flips.ts";
import type { MeshLoop } from "./mesh-loop.ts";
import type { SavedFlips } from "./saved-flips.ts";

export interface FlipsSources {
  readonly flips: SavedFlips;
  readonly loop: Pick<MeshLoop, "draft">;
  readonly read: (paths: readonly string[]) => {
    readonly files: readonly SourceFile[];
    readonly problems: readonly Problem[];
  };
}

/** What `meshdev diff` asks of a running mesh. */
export async function answerFlips({ flips, loop, read }: FlipsSources, question: FlipsQuestion): Promise<FlipsAnswer> {
  switch (question.kind) {
    case "last":
      return { ok: true, comparison: (await flips.last()) ?? null };
    case "generations":
      return told(
        await flips.between(question.before, question.after),
        `generation ${question.before} or ${question.after} is not kept`,
        `these are: ${flips.kept().join(", ")}`,
      );
    case "draft": {
      const { files, problems } = read(question.paths);
      const unread = problems.filter(({ severity }) => severity === "error");
      const draft = unread.length > 0 ? { ok: false as const, problems: unread } : loop.draft(files, problems);
      return draft.ok
        ? told(await flips.against(draft.snapshots), "the mesh is still starting")
        : { ok: false, message: "the draft is not valid, so nothing can be said about it", problems: draft.problems };
    }
    default:
      return assertNever(question);
  }
}

function told(comparison: Comparison | undefined, message: string, hint?: string): FlipsAnswer {
  if (comparison !== undefined) return { ok: true, comparison };
  return { ok: false, message, problems: [], ...(hint === undefined ? {} : { hint }) };
}
