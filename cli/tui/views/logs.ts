import type { WorkloadLogged } from "../../../runtime/model/event.ts";
import { clockTime } from "../../print/event-line.ts";
import { sanitize, sanitizeLog } from "../../print/sanitize.ts";
import { seg } from "../../print/segment.ts";
import type { ListColumn } from "../columns.ts";
import { growingView, nameWidth } from "./drawing.ts";
import { hiddenLines } from "./empty.ts";
import type { Scene, View } from "./view.ts";

export function logsView(scene: Scene): View {
  const columns: readonly ListColumn<WorkloadLogged>[] = [
    { title: "TIME", width: 12, priority: 2, cell: (event) => seg(clockTime(event.at), "dim") },
    {
      title: "FROM",
      width: nameWidth(scene, 18),
      priority: 1,
      cut: "middle",
      cell: (event) => seg(sanitize(event.workload), event.stream === "stderr" ? "warn" : "info"),
    },
    { title: "LINE", width: "flex", least: 10, priority: 0, cell: (event) => seg(sanitizeLog(event.line)) },
  ];
  return growingView(scene, scene.feed.logs, columns, {
    detail: (event) => ({
      lines: [
        [seg(sanitize(event.workload), "strong"), seg(`  ${event.stream}  ${clockTime(event.at)}`, "dim")],
        [],
        [seg(sanitizeLog(event.line))],
      ],
      why: 0,
    }),
    pane: "none",
    empty: () => hiddenLines(scene, scene.feed.logs) ?? [[seg("The programs have printed nothing.", "strong")]],
  });
}
