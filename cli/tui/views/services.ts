import type { WorkloadView } from "../../../runtime/model/state.ts";
import type { Rates } from "../../../runtime/store/rates.ts";
import { milliseconds, shortSpiffe } from "../../print/handshake.ts";
import { sanitize } from "../../print/sanitize.ts";
import { seg, type Segment } from "../../print/segment.ts";
import { certificateLeft, memoryWords, mtlsWords } from "../../print/status.ts";
import { certificateTone, workloadWords } from "../../print/workload.ts";
import type { ListColumn } from "../columns.ts";
import { drawColumns, nameWidth } from "./drawing.ts";
import { serviceDetail } from "./service-detail.ts";
import { listView, type Scene, type View } from "./view.ts";

export function servicesView(scene: Scene): View {
  return listView(scene.state.workloads, serviceColumns(scene), drawColumns(scene.glyphs.ellipsis), {
    detail: (workload) => serviceDetail(workload, scene),
    subject: (workload) => ({ kind: "workload", workload }),
    pane: "below",
    empty: () => [
      [seg("No services are declared.", "strong")],
      [],
      [seg("  Add them to meshdev.yaml; it is read again when you save.", "dim")],
    ],
  });
}

/** A number of the data plane; programs without a sidecar have none. */
type Cell = (workload: WorkloadView, rates: Rates) => Segment;

function serviceColumns(scene: Scene): readonly ListColumn<WorkloadView>[] {
  const measured = (title: string, width: number, priority: number, cell: Cell): ListColumn<WorkloadView> => ({
    title,
    width,
    priority,
    align: "right",
    cell: (workload) => cell(workload, scene.feed.rates.of(workload.id, scene.now)),
  });
  const ofSidecar = (title: string, width: number, priority: number, cell: Cell): ListColumn<WorkloadView> =>
    measured(title, width, priority, (workload, rates) => (workload.sidecar ? cell(workload, rates) : seg("-", "dim")));
  const counted = (value: number): Segment => seg(String(value), value > 0 ? "warn" : "dim");
  const { number: generation } = scene.state.generation;
  return [
    {
      title: "NAME",
      width: nameWidth(scene),
      priority: 0,
      cut: "middle",
      cell: (workload) => seg(sanitize(workload.id), "strong"),
    },
    { title: "STATE", width: "flex", least: 10, priority: 0, cell: (workload) => workloadWords(workload.state) },
    ofSidecar("REQ/S", 6, 1, (_workload, { perSecond }) =>
      perSecond === undefined ? seg("-", "dim") : seg(perSecond.toFixed(perSecond < 100 ? 1 : 0)),
    ),
    ofSidecar("OK %", 5, 2, (_workload, { success }) => successCell(success)),
    ofSidecar("P99", 8, 3, (_workload, { p99 }) => (p99 === undefined ? seg("-", "dim") : seg(milliseconds(p99)))),
    ofSidecar("DENIED", 6, 1, ({ traffic }) => counted(traffic.denied)),
    ofSidecar("TLS-FAIL", 8, 4, ({ traffic }) => counted(traffic.handshakesFailed)),
    {
      title: "MTLS",
      width: 10,
      priority: 6,
      cell: (workload) => (workload.sidecar ? seg(mtlsWords(workload)) : seg("no sidecar", "warn")),
    },
    ofSidecar("CERT", 7, 5, (workload) =>
      seg(certificateLeft(workload, scene.now), certificateTone(workload.certificate, scene.now)),
    ),
    measured("CPU", 5, 8, (_workload, { cpu }) =>
      cpu === undefined ? seg("-", "dim") : seg(`${Math.round(cpu * 100)} %`, cpu > 0.9 ? "warn" : "plain"),
    ),
    measured("RSS", 7, 9, (workload) => seg(memoryWords(workload.resources.rssBytes))),
    measured("RST", 3, 10, (workload) => counted(workload.restarts)),
    ofSidecar("GEN", 4, 11, ({ acked }) =>
      acked === null ? seg("-", "dim") : seg(String(acked), acked === generation ? "plain" : "warn"),
    ),
    {
      title: "PORTS",
      width: Math.min(20, Math.max(5, ...scene.state.workloads.map((workload) => shortPorts(workload).length))),
      priority: 7,
      cell: (workload) => seg(shortPorts(workload)),
    },
    {
      title: "IDENTITY",
      width: "flex",
      least: 20,
      priority: 12,
      cut: "start",
      cell: (workload) => (workload.sidecar ? seg(shortSpiffe(workload.identity), "dim") : seg("none", "warn")),
    },
  ];
}

/** `8080 :3000`: its own ports, then those of this machine that lead to it. */
function shortPorts({ ports, published }: WorkloadView): string {
  return [...ports.map(String), ...published.map(({ hostPort }) => `:${hostPort}`)].join(" ");
}

function successCell(success: number | undefined): Segment {
  if (success === undefined) return seg("-", "dim");
  const percent = Math.floor(success * 1000) / 10;
  return seg(percent === 100 ? "100" : percent.toFixed(1), percent < 99 ? "bad" : "plain");
}
