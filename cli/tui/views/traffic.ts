import type { MeshState } from "../../../runtime/model/state.ts";
import { clockTime, statusTone } from "../../print/event-line.ts";
import { partyName } from "../../print/party.ts";
import { detailLines, exchangeRest } from "../../print/event-detail.ts";
import { milliseconds } from "../../print/handshake.ts";
import { sanitize } from "../../print/sanitize.ts";
import { seg, type Line, type Segment } from "../../print/segment.ts";
import { hasFlags, verdictOf, verdictSegment, type TrafficEvent } from "../../print/verdict.ts";
import { pad, widthOf } from "../../print/width.ts";
import { phaseTone, workloadWords } from "../../print/workload.ts";
import type { ListColumn } from "../columns.ts";
import { growingView, nameWidth, pairCell } from "./drawing.ts";
import { hiddenLines } from "./empty.ts";
import type { Scene, View } from "./view.ts";

export function trafficView(scene: Scene): View {
  return growingView(scene, scene.feed.traffic, trafficColumns(scene), {
    detail: (event) => trafficDetail(scene, event),
    pane: "beside",
    empty: () => hiddenLines(scene, scene.feed.traffic) ?? quietLines(scene.state),
  });
}

function trafficColumns(scene: Scene): readonly ListColumn<TrafficEvent>[] {
  const { glyphs } = scene;
  const name = nameWidth(scene);
  const arrow = ` ${glyphs.arrow} `;
  return [
    { title: "TIME", width: 8, priority: 5, cell: (event) => seg(clockTime(event.at).slice(0, 8), "dim") },
    { title: "VERDICT", width: 8, priority: 0, cell: (event) => verdictSegment(verdictOf(event)) },
    {
      title: `FROM${arrow}TO`,
      width: name * 2 + arrow.length,
      priority: 0,
      cell: (event, width) => pairCell(partyName(event.from), partyName(event.to), { width, name, glyphs }),
    },
    {
      title: "WHAT",
      width: "flex",
      least: 20,
      priority: 0,
      cell: (event, width) => what(event, width, glyphs.ellipsis),
    },
    { title: "STAT", width: 4, align: "right", priority: 1, cell: (event) => status(event) },
    {
      title: "TOOK",
      width: 8,
      align: "right",
      priority: 6,
      cell: (event) => seg(milliseconds(event.type === "exchange.completed" ? event.timing.total : event.ms), "dim"),
    },
    { title: "GEN", width: 4, align: "right", priority: 7, cell: (event) => seg(String(event.generation), "dim") },
  ];
}

function what(event: TrafficEvent, width: number, mark: string): Line {
  switch (event.type) {
    case "exchange.completed": {
      const method = `${sanitize(event.method)} `;
      const path = sanitize(event.path);
      return [seg(method), seg(pad(path, Math.max(0, width - widthOf(method)), "left", "start", mark))];
    }
    case "connection.closed":
      return [seg(`TCP ${event.bytes.in} B in, ${event.bytes.out} B out`)];
    case "handshake.completed":
    case "handshake.failed":
      return [seg(sanitize(event.failure?.reason ?? event.tls.version ?? "TLS"))];
  }
}

function status(event: TrafficEvent): Segment {
  if (event.type === "exchange.completed")
    return seg(event.status === 0 ? "-" : String(event.status), statusTone(event.status));
  if (event.type === "connection.closed") return seg(hasFlags(event.flags) ? sanitize(event.flags) : "-", "warn");
  return seg("tls", "dim");
}

function trafficDetail(scene: Scene, event: TrafficEvent): readonly Line[] {
  const handshake =
    event.type === "exchange.completed" || event.type === "connection.closed"
      ? scene.feed.handshake(event.handshake ?? "")
      : undefined;
  return [...detailLines(event, handshake, scene.glyphs), ...callLines(scene, event)];
}

/** The same request as the caller's sidecar saw it: the route it took, and what it cost from there. */
function callLines(scene: Scene, event: TrafficEvent): readonly Line[] {
  if (event.type !== "exchange.completed" || event.side !== "inbound" || event.requestId === null) return [];
  const call = scene.feed.call(event.requestId, event.to.workload);
  if (call === undefined) return [];
  return [[], [seg(`seen by the sidecar of ${sanitize(call.proxy)}`, "strong")], ...exchangeRest(call, scene.glyphs)];
}

/** Services are up, or coming, and nothing has happened yet: say what to do. */
function quietLines(state: MeshState): readonly Line[] {
  const lines: Line[] = [[seg("No requests yet.", "strong")], []];
  for (const workload of state.workloads)
    lines.push([
      seg("  "),
      seg(sanitize(workload.id).padEnd(18), phaseTone(workload.state)),
      ...workloadWords(workload.state),
    ]);
  const urls = state.workloads.flatMap((workload) =>
    workload.published.map(({ hostPort }) => `http://localhost:${hostPort}`),
  );
  if (urls.length > 0) lines.push([], [seg("  open "), seg(urls.join("  "), "info")]);
  const caller = state.workloads.find((workload) => workload.sidecar);
  const callee = state.services.find(
    (service) => service.ports.length > 0 && !service.members.includes(caller?.id ?? ""),
  );
  if (caller !== undefined && callee !== undefined) {
    const host = callee.hostname.split(".")[0] ?? callee.hostname;
    lines.push(
      [],
      [
        seg("  or send one: "),
        seg(
          `meshdev exec --as ${sanitize(caller.service)} -- curl http://${sanitize(host)}:${callee.ports[0]?.port ?? 80}/`,
          "info",
        ),
      ],
    );
  }
  return lines;
}
