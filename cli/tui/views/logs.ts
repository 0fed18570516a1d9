import { clockTime, logBody } from "../../print/event-line.ts";
import { detailLines } from "../../print/event-detail.ts";
import { sanitize } from "../../print/sanitize.ts";
import { lineText, seg, type Line, type Segment } from "../../print/segment.ts";
import type { ListColumn } from "../columns.ts";
import type { LogEvent } from "../feed.ts";
import { growingView, nameWidth } from "./drawing.ts";
import { hiddenLines } from "./empty.ts";
import type { Scene, View } from "./view.ts";

/** Lines of programs and of their sidecars, in the order in which they came. */
export function logsView(scene: Scene): View {
  const columns: readonly ListColumn<LogEvent>[] = [
    { title: "TIME", width: 12, priority: 2, cell: (event) => seg(clockTime(event.at), "dim") },
    {
      title: "FROM",
      width: nameWidth(scene, 18),
      priority: 0,
      cut: "middle",
      cell: (event) => seg(sanitize(sourceOf(event)), isProgram(event) ? "info" : "dim"),
    },
    { title: "STREAM", width: 6, priority: 1, cell: streamCell },
    { title: "LINE", width: "flex", least: 10, priority: 0, cell: (event) => logBody(event, scene.glyphs) },
  ];
  return growingView(scene, scene.feed.logs, columns, {
    detail: (event) => logDetail(event, scene),
    pane: "none",
    empty: () =>
      hiddenLines(scene, scene.feed.logs) ?? [[seg("Programs and sidecars have printed nothing yet.", "strong")]],
  });
}

function isProgram(event: LogEvent): boolean {
  return event.type === "workload.logged";
}

/** Whose line it is: the program's, or that of the sidecar that saw it. */
function sourceOf(event: LogEvent): string {
  switch (event.type) {
    case "workload.logged":
    case "bypass.seen":
      return event.workload;
    case "exchange.completed":
    case "connection.closed":
    case "listener.bound":
    case "listener.failed":
      return event.proxy;
    case "handshake.completed":
    case "handshake.failed": {
      const own = event.side === "server" ? event.to : event.from;
      return own.workload ?? own.address;
    }
  }
}

function streamCell(event: LogEvent): Segment {
  if (event.type !== "workload.logged") return seg("proxy", "dim");
  return event.stream === "stderr" ? seg("stderr", "warn") : seg("stdout", "dim");
}

function logDetail(event: LogEvent, scene: Scene): readonly Line[] {
  if (event.type !== "workload.logged") {
    const handshake = "handshake" in event ? scene.feed.handshake(event.handshake ?? "") : undefined;
    return detailLines(event, handshake, scene.glyphs);
  }
  return [
    [seg(sanitize(event.workload), "strong"), seg(`  ${event.stream}  ${clockTime(event.at)}`, "dim")],
    [],
    [seg(lineText(logBody(event, scene.glyphs)))],
  ];
}
