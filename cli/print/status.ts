import type { MeshState, WorkloadView } from "../../runtime/model/state.ts";
import { generationWords } from "./event-line.ts";
import { countProblems } from "./problem.ts";
import { sanitize } from "./sanitize.ts";
import { lineText, seg, type Line, type Segment } from "./segment.ts";
import { tableLines, type Column } from "./table.ts";
import { phaseTone, workloadWords } from "./workload.ts";

/** The mesh as a whole, in one or two lines. */
export function statusLines(state: MeshState): readonly Line[] {
  const lines: Line[] = [
    [
      seg(sanitize(state.mesh), "strong"),
      seg(`  ${generationWords(state.generation)}`),
      seg(
        `  ${countProblems(state.problems)}`,
        state.problems.some((problem) => problem.severity === "error") ? "bad" : "dim",
      ),
    ],
  ];
  if (state.missing.length > 0)
    lines.push([
      seg(`running without ${state.missing.map(sanitize).join(", ")}: invalid, and no earlier version`, "bad"),
    ]);
  return lines;
}

export interface TableLook {
  readonly wide: boolean;
  /** Columns of the terminal; 0 when there is none, then nothing is cut. */
  readonly width: number;
  /** Milliseconds since the epoch, for what is left of a certificate. */
  readonly now: number;
}

interface WorkloadColumn extends Column {
  readonly cell: (workload: WorkloadView, now: number) => Segment;
}

const narrow: readonly WorkloadColumn[] = [
  { title: "NAME", cell: (workload) => seg(sanitize(workload.id), "strong") },
  { title: "STATE", cell: (workload) => seg(lineText(workloadWords(workload.state)), phaseTone(workload.state)) },
  { title: "PORTS", priority: 2, cell: (workload) => seg(portWords(workload)) },
  { title: "RESTARTS", align: "right", priority: 4, cell: (workload) => seg(String(workload.restarts)) },
  {
    title: "REQUESTS",
    align: "right",
    priority: 3,
    cell: (workload) => seg(workload.sidecar ? String(workload.traffic.requests) : "-"),
  },
  { title: "REFUSED", align: "right", priority: 3, cell: (workload) => deniedCell(workload) },
  {
    title: "IDENTITY",
    priority: 5,
    cut: "start",
    cell: (workload) => (workload.sidecar ? seg(sanitize(workload.identity)) : seg("no sidecar", "warn")),
  },
];

const wide: readonly WorkloadColumn[] = [
  { title: "ADDRESS", priority: 6, cell: (workload) => seg(sanitize(workload.address)) },
  {
    title: "ACKED",
    align: "right",
    priority: 2,
    cell: (workload) => seg(workload.acked === null ? "-" : String(workload.acked)),
  },
  { title: "CERT", align: "right", priority: 5, cell: (workload, now) => seg(certificateLeft(workload, now)) },
  { title: "MTLS", priority: 4, cell: (workload) => seg(mtlsWords(workload)) },
  { title: "RSS", align: "right", priority: 6, cell: (workload) => seg(memoryWords(workload.resources.rssBytes)) },
];

export function workloadTable(state: MeshState, look: TableLook): readonly Line[] {
  const columns = look.wide ? [...narrow, ...wide] : narrow;
  return tableLines(
    columns,
    state.workloads.map((workload) => columns.map((column) => column.cell(workload, look.now))),
    look.wide ? 0 : look.width,
  );
}

function deniedCell(workload: WorkloadView): Segment {
  if (!workload.sidecar) return seg("-");
  const refused = workload.traffic.denied + workload.traffic.handshakesFailed;
  return seg(String(refused), refused > 0 ? "warn" : "plain");
}

/** `8080, localhost:3000→8080` without arrows that some terminals lack. */
export function portWords(workload: WorkloadView): string {
  const published = workload.published.map(({ hostPort, port }) =>
    workload.ports.length > 1 ? `localhost:${hostPort} to ${port}` : `localhost:${hostPort}`,
  );
  return [...workload.ports.map(String), ...published].join(", ");
}

export function mtlsWords(workload: WorkloadView): string {
  const modes = Object.entries(workload.mtls);
  if (modes.length === 0) return "-";
  const [, first] = modes[0] ?? ["", ""];
  if (modes.every(([, mode]) => mode === first)) return sanitize(first);
  return modes.map(([port, mode]) => sanitize(`${port}:${mode}`)).join(",");
}

/** How long a certificate still lives: `23h59m`, `59m`, `119s`. */
export function certificateLeft(workload: WorkloadView, now: number): string {
  if (workload.certificate === null) return "-";
  const left = Math.floor((Date.parse(workload.certificate.notAfter) - now) / 1000);
  if (Number.isNaN(left)) return "?";
  return left < 0 ? "expired" : spanWords(left);
}

/** Whole seconds in two units at most. */
export function spanWords(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (seconds < 120) return `${seconds}s`;
  if (hours < 1) return `${minutes}m`;
  return hours < 48 ? `${hours}h${String(minutes % 60).padStart(2, "0")}m` : `${Math.floor(hours / 24)}d`;
}

export function memoryWords(bytes: number | null): string {
  return bytes === null ? "-" : `${Math.round(bytes / 1_048_576)} MB`;
}
