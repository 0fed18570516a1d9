import { assertNever } from "../../runtime/core/assert-never.ts";
import type { SourcePosition } from "../../runtime/core/source.ts";
import type {
  ConnectionEvent,
  EventsDropped,
  ExchangeEvent,
  HandshakeEvent,
  MeshEvent,
} from "../../runtime/model/event.ts";
import { decisionSummary } from "./decision.ts";
import { handshakeSummary, milliseconds } from "./handshake.ts";
import type { Glyphs } from "./glyphs.ts";
import { partyName, targetName } from "./party.ts";
import { place } from "./place.ts";
import { flipsSummary } from "./flips.ts";
import { sanitize, sanitizeLog } from "./sanitize.ts";
import { seg, type Line, type Segment } from "./segment.ts";
import { countProblems } from "./problem.ts";
import { hasFlags, verdictOf, verdictSegment } from "./verdict.ts";
import { workloadWords } from "./workload.ts";

/** `12:03:07.118` in local time. */
export function clockTime(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return "--:--:--.---";
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

/** One event as one line of `--plain`, `events` and the log of the TUI; undefined for events that only change numbers. */
export function eventLine(event: MeshEvent | EventsDropped, glyphs: Glyphs): Line | undefined {
  if (event.type === "events.dropped") {
    return [
      seg(`             `),
      seg(`${event.count} events were not shown: they came faster than they could be written`, "warn"),
    ];
  }
  const body = eventBody(event, glyphs);
  return body === undefined ? undefined : [seg(`${clockTime(event.at)} `, "dim"), ...body];
}

/** What an event says beside its time and source: a line of a program as it was printed, others as words. */
export function logBody(event: MeshEvent, glyphs: Glyphs): Line {
  if (event.type === "workload.logged") return [seg(sanitizeLog(event.line))];
  return eventBody(event, glyphs) ?? [];
}

function eventBody(event: MeshEvent, glyphs: Glyphs): Line | undefined {
  switch (event.type) {
    case "exchange.completed":
    case "connection.closed":
    case "handshake.completed":
    case "handshake.failed":
      return [verdictSegment(verdictOf(event)), seg(" "), ...trafficBody(event, glyphs)];
    case "workload.logged":
      return [
        seg("log      ", "dim"),
        seg(`${sanitize(event.workload)} `, event.stream === "stderr" ? "warn" : "info"),
        seg(sanitizeLog(event.line)),
      ];
    case "workload.changed":
      return [seg("service  ", "dim"), seg(`${sanitize(event.workload)} `, "strong"), ...workloadWords(event.state)];
    case "mesh.loaded":
      return [seg("loaded   ", "info"), seg(`generation ${event.generation}`), seg(changeWords(event.changes), "dim")];
    case "mesh.rejected":
      return [
        seg("rejected ", "bad"),
        seg(`${countProblems(event.problems)}, still running generation ${event.generation}`),
        ...firstProblem(event.problems),
      ];
    case "problems.changed":
      return event.problems.length === 0
        ? [seg("problems ", "good"), seg("none")]
        : [seg("problems ", "warn"), seg(`${event.problems.length}`), ...firstProblem(event.problems)];
    case "snapshot.applied":
      return [
        seg("live     ", event.waiting.length === 0 ? "good" : "warn"),
        seg(
          generationWords({
            number: event.generation,
            live: event.live,
            total: event.total,
            ms: event.ms,
            waiting: event.waiting,
          }),
        ),
      ];
    case "save.compared":
      return event.comparison.compared === 0
        ? undefined
        : [seg("flips    ", event.comparison.flipped > 0 ? "warn" : "dim"), ...flipsSummary(event.comparison)];
    case "svid.issued":
    case "svid.rotated":
      return [
        seg("svid     ", "dim"),
        seg(`${sanitize(event.proxy)} `, "strong"),
        seg(`${event.type === "svid.issued" ? "issued" : "rotated"} ${sanitize(event.certificate.spiffe ?? "")}`),
        seg(` serial ${sanitize(event.certificate.serial)} until ${sanitize(event.certificate.notAfter)}`, "dim"),
      ];
    case "listener.failed":
      return [
        seg("ERR      ", "bad"),
        seg(
          event.full === true
            ? `${sanitize(event.proxy)} on ${sanitize(event.address)} ${sanitize(event.error ?? "")}`
            : `${sanitize(event.proxy)} cannot listen on ${sanitize(event.address)}: ${sanitize(event.error ?? "")}`,
        ),
      ];
    case "bypass.seen":
      return [seg("BYPASS   ", "bad"), seg(`${sanitize(event.workload)} `, "strong"), seg(sanitize(event.what))];
    case "dataplane.started":
      return [seg("proxies  ", "dim"), seg(`data plane started, pid ${event.pid}`, "dim")];
    case "dataplane.lost":
      return [
        seg("proxies  ", "bad"),
        seg(`data plane ${event.pid} lost: ${sanitize(event.reason ?? "unknown")}; starting another`),
      ];
    case "listener.bound":
    case "traffic.counted":
    case "usage.measured":
      return undefined;
    default:
      return assertNever(event);
  }
}

function changeWords(changes: readonly string[]): string {
  const [first] = changes;
  if (first === undefined) return "";
  return `  ${sanitize(first)}${changes.length > 1 ? ` and ${changes.length - 1} more` : ""}`;
}

function firstProblem(problems: readonly { readonly message: string; readonly at?: SourcePosition }[]): Line {
  const [first] = problems;
  if (first === undefined) return [];
  return [seg(`  ${sanitize(first.message)}`), ...(first.at === undefined ? [] : [seg(` ${place(first.at)}`, "dim")])];
}

/** `generation 14 live on 4/4 proxies, 21 ms after save` */
export function generationWords(generation: {
  readonly number: number;
  readonly live: number;
  readonly total: number;
  readonly ms: number | null;
  readonly waiting: readonly string[];
}): string {
  const { number, live, total, ms, waiting } = generation;
  if (waiting.length > 0)
    return `generation ${number}: ${live}/${total} proxies, waiting for ${waiting.map(sanitize).join(", ")}`;
  return `generation ${number} live on ${live}/${total} proxies${ms === null ? "" : `, ${Math.round(ms)} ms after save`}`;
}

/** Who to whom, and what came of it: shared by the plain line and the rows of the Traffic view. */
function trafficBody(event: ExchangeEvent | ConnectionEvent | HandshakeEvent, glyphs: Glyphs): readonly Segment[] {
  const parties = [seg(`${partyName(event.from)} ${glyphs.arrow} ${targetName(event.to)}  `)];
  switch (event.type) {
    case "handshake.completed":
    case "handshake.failed":
      return [...parties, ...handshakeSummary(event)];
    case "connection.closed":
      return [
        ...parties,
        seg("TCP "),
        seg(`${event.bytes.in} B in, ${event.bytes.out} B out, ${milliseconds(event.ms)}`, "dim"),
        ...outcome(event),
      ];
    case "exchange.completed":
      return [
        ...parties,
        seg(`${sanitize(event.method)} `, "strong"),
        seg(sanitize(event.path)),
        seg(` ${event.status === 0 ? "no answer" : event.status}`, statusTone(event.status)),
        seg(`  ${milliseconds(event.timing.total)}`, "dim"),
        ...outcome(event),
      ];
  }
}

export function statusTone(status: number): "good" | "warn" | "bad" | "plain" {
  if (status >= 500 || status === 0) return "bad";
  if (status >= 400) return "warn";
  return status >= 200 && status < 300 ? "good" : "plain";
}

function outcome(event: ExchangeEvent | ConnectionEvent): readonly Segment[] {
  const flags = hasFlags(event.flags) ? [seg(`  ${sanitize(event.flags)} ${sanitize(event.details)}`, "warn")] : [];
  return event.decision === null
    ? flags
    : [seg("  "), ...decisionSummary(event.decision), ...(event.decision.verdict === "deny" ? [] : flags)];
}
