import type { MeshState } from "../../runtime/model/state.ts";
import { generationWords } from "../print/event-line.ts";
import { mtlsWords, spanWords } from "../print/status.ts";
import { sanitize } from "../print/sanitize.ts";
import { lineWidth, seg, type Line, type Segment } from "../print/segment.ts";
import { truncate } from "../print/width.ts";
import type { Sampling } from "./pace.ts";
import { views, type UiState, type ViewName } from "./ui-state.ts";

/** The first line: mesh, generation, services, refusals, problems. Short forms when the long ones do not fit. */
export function headerLine(state: MeshState | undefined, columns: number, mark: string, now: number): Line {
  if (state === undefined) return [seg(" meshdev ", "title"), seg(" starting")];
  const name = [seg(" meshdev ", "title"), seg(sanitize(state.mesh), "strong")];
  const counts = [...dataPlane(state), ...flips(state), ...services(state), ...refusals(state), ...problems(state)];
  const rest = [...generation(state, now, "usual"), ...counts];
  const room = columns - lineWidth(rest) - 1;
  const candidates: readonly Line[] = [
    [...name, ...generation(state, now, "long"), ...counts, ...mode(state)],
    [...name, ...generation(state, now, "usual"), ...counts, ...mode(state)],
    [...name, ...generation(state, now, "usual"), ...counts],
    ...(room < 6 ? [] : [[seg(` ${truncate(sanitize(state.mesh), room, "middle", mark)}`, "strong"), ...rest]]),
    [seg(" "), ...rest.slice(1)],
  ];
  // What must not be missed first: the end is cut.
  const least = [...dataPlane(state), ...generation(state, now, "short"), ...problems(state), ...refusals(state)];
  return candidates.find((line) => lineWidth(line) <= columns) ?? [seg(" "), ...least.slice(1)];
}

const gap = seg("  ");

function generation(state: MeshState, now: number, form: "long" | "usual" | "short"): Line {
  const { number, live, total, waiting, ms, at } = state.generation;
  if (number === 0) return [gap, seg("loading", "info")];
  if (state.missing.length > 0)
    return [
      gap,
      seg(
        `gen ${number} WITHOUT ${state.missing.length} invalid resource${state.missing.length === 1 ? "" : "s"}`,
        "bad",
      ),
    ];
  if (waiting.length > 0)
    return [
      gap,
      seg(
        `gen ${number}: ${live}/${total}, waiting for ${waiting.map(sanitize).join(", ")}${sinceWords(at, now)}`,
        "warn",
      ),
    ];
  if (form === "long") return [gap, seg(generationWords(state.generation), "good")];
  const took = ms === null || form === "short" ? "" : ` (${Math.round(ms)} ms)`;
  return [gap, seg(`gen ${number} live ${live}/${total}${took}`, "good")];
}

/** Only while there is something to look at: `d` tells which. */
function flips({ generation: { flips: counts } }: MeshState): Line {
  if (counts === undefined || counts.flipped === 0) return [];
  return [gap, seg(`flips ${counts.flipped} of ${counts.compared}`, "warn")];
}

function sinceWords(at: string, now: number): string {
  const seconds = Math.floor((now - Date.parse(at)) / 1000);
  return seconds > 0 ? ` (${spanWords(seconds)})` : "";
}

/** No data plane means that nothing gets through, whatever the rest of the line says. */
function dataPlane(state: MeshState): Line {
  if (state.dataPlane.pid !== null || state.generation.number === 0) return [];
  return [gap, seg("data plane down, restarting", "bad")];
}

function services(state: MeshState): Line {
  const count = (test: (phase: string) => boolean): number =>
    state.workloads.filter((workload) => test(workload.state.phase)).length;
  const up = count((phase) => phase === "ready");
  const failing = state.workloads.filter(
    ({ state: now }) => now.phase === "failed" || now.phase === "unready" || (now.phase === "exited" && now.code !== 0),
  ).length;
  const coming = count((phase) => phase === "waiting" || phase === "starting");
  return [
    gap,
    seg(`${up} up`),
    ...(coming > 0 ? [seg(` ${coming} starting`, "info")] : []),
    ...(failing > 0 ? [seg(` ${failing} failing`, "bad")] : []),
  ];
}

function refusals(state: MeshState): Line {
  const { denied, handshakesFailed } = state.counts;
  const parts: Segment[] = [gap, seg(`${denied} denied`, denied > 0 ? "warn" : "dim")];
  if (handshakesFailed > 0) parts.push(gap, seg(`${handshakesFailed} TLS-FAIL`, "warn"));
  return parts;
}

function problems(state: MeshState): Line {
  const errors = state.problems.filter((problem) => problem.severity === "error").length;
  const warnings = state.problems.filter((problem) => problem.severity === "warning").length;
  if (errors > 0) return [gap, seg(`${errors} problem${errors === 1 ? "" : "s"}`, "bad")];
  return warnings > 0 ? [gap, seg(`${warnings} warning${warnings === 1 ? "" : "s"}`, "warn")] : [];
}

/** The inbound mTLS mode, when every sidecar has the same. */
function mode(state: MeshState): Line {
  const modes = new Set(
    state.workloads.filter((workload) => workload.sidecar && Object.keys(workload.mtls).length > 0).map(mtlsWords),
  );
  const [only] = modes;
  if (only === undefined) return [];
  return [gap, seg(modes.size === 1 ? only : "mTLS mixed", "dim")];
}

/** Rows of a growing view. */
export interface RowCounts {
  readonly shown: number;
  readonly all: number;
  /** Came since the tail was paused. */
  readonly fresh: number;
  /** Never came: the stream had to drop them. */
  readonly dropped: number;
  /** They come faster than they are told right now. */
  readonly pace: Sampling | undefined;
}

/** The second line: tabs, and the active filter with its hits. */
export function tabLine(ui: UiState, columns: number, mark: string, counts: RowCounts | undefined): Line {
  const tabs = views.flatMap((view, at): Segment[] => [
    seg(` ${at + 1}`, "dim"),
    seg(` ${columns < 60 ? title(view).slice(0, 3) : title(view)}`, view === ui.view ? "title" : "plain"),
  ]);
  const right: Segment[] = [];
  if (ui.paused !== undefined && counts !== undefined) right.push(seg(`PAUSED ${counts.fresh} new`, "warn"), gap);
  if (counts !== undefined) right.push(...lossWords(counts, columns));
  if (ui.filter !== "" && counts !== undefined) {
    // The count matters more than the end of a long expression.
    const count = ` (${counts.shown} of ${counts.all})`;
    const room = columns - lineWidth(tabs) - lineWidth(right) - "  filter: ".length - count.length;
    const expression = truncate(sanitize(ui.filter), Math.max(8, room), "end", mark);
    right.push(ui.filterOn ? seg(`filter: ${expression}${count}`, "info") : seg("filter off", "dim"));
  }
  const space = columns - lineWidth(tabs) - lineWidth(right) - 1;
  if (space < 1) return right.length > 0 && columns < 60 ? right : [...tabs, gap, ...right];
  return [...tabs, seg(" ".repeat(space)), ...right];
}

/** What the list does not have. Totals are always exact: the data plane counts everything. */
function lossWords({ pace, dropped }: RowCounts, columns: number): Line {
  if (pace !== undefined) {
    const words = `showing 1 in ${pace.oneIn} of ${grouped(pace.perSecond)}/s`;
    return [seg(columns < 110 ? words : `${words}; all are counted`, "warn"), gap];
  }
  return dropped > 0 ? [seg(`${grouped(dropped)} not shown`, "dim"), gap] : [];
}

/** `8 400` */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, " ");
}

function title(view: ViewName): string {
  return view === "tls" ? "TLS" : `${view[0]?.toUpperCase() ?? ""}${view.slice(1)}`;
}
