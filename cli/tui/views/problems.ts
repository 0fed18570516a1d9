import { formatPosition } from "../../../runtime/core/source.ts";
import { sortProblems, type Problem } from "../../../runtime/core/problem.ts";
import { generationWords } from "../../print/event-line.ts";
import { problemLines } from "../../print/problem.ts";
import { sanitize } from "../../print/sanitize.ts";
import { seg, type Line } from "../../print/segment.ts";
import type { ListColumn } from "../columns.ts";
import { drawColumns } from "./drawing.ts";
import { listView, type Scene, type View } from "./view.ts";

export function problemsView(scene: Scene): View {
  return listView(sortProblems(scene.state.problems), columns, drawColumns(scene.glyphs.ellipsis), {
    detail: (problem) => problemDetail(problem, scene),
    subject: (problem) => ({ kind: "problem", problem }),
    pane: "below",
    empty: () => [[seg("No problems.", "good")], [], [seg(`  ${generationWords(scene.state.generation)}`, "dim")]],
  });
}

const columns: readonly ListColumn<Problem>[] = [
  {
    title: "",
    width: 7,
    priority: 0,
    cell: (problem) =>
      seg(problem.severity, problem.severity === "error" ? "bad" : problem.severity === "warning" ? "warn" : "info"),
  },
  { title: "CODE", width: 6, priority: 2, cell: (problem) => seg(problem.code, "dim") },
  {
    title: "WHERE",
    width: "flex",
    least: 14,
    priority: 1,
    cut: "start",
    cell: (problem) => seg(problem.at === undefined ? "-" : sanitize(formatPosition(problem.at)), "info"),
  },
  { title: "WHAT", width: "flex", least: 20, priority: 0, cell: (problem) => seg(sanitize(problem.message)) },
];

function problemDetail(problem: Problem, scene: Scene): readonly Line[] {
  // What stands in a file keeps the file from going live; other troubles have nothing to do with generations.
  const isHeldBack = problem.severity === "error" && problem.at !== undefined;
  return [
    ...problemLines(problem),
    [],
    ...(isHeldBack
      ? [
          [
            seg(`still running generation ${scene.state.generation.number}`, "warn"),
            seg(": the last valid version stays in force", "dim"),
          ],
        ]
      : []),
  ];
}
