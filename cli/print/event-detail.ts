import type { ConnectionEvent, ExchangeEvent, HandshakeEvent, MeshEvent, Party } from "../../runtime/model/event.ts";
import { type Cause, causeOf } from "../../runtime/store/cause.ts";
import { causeLines } from "./cause.ts";
import { decisionLines } from "./decision-tree.ts";
import { extAuthzLines } from "./ext-authz.ts";
import { clockTime, eventLine, statusTone } from "./event-line.ts";
import { partyName, targetName } from "./party.ts";
import type { Glyphs } from "./glyphs.ts";
import { handshakeLines, milliseconds } from "./handshake.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line, type Segment } from "./segment.ts";
import { hasFlags, verdictOf, verdictSegment, type TrafficEvent } from "./verdict.ts";

/** What was found out about an event elsewhere. */
interface Known {
  /** The line of YAML to look at. */
  readonly excerpt?: readonly Line[];
  /** Absent: what the event itself tells. */
  readonly cause?: Cause | undefined;
}

/**
 * Everything known about one event, for the detail pane and `why`: what, who, decision, handshake.
 * The cause comes first.
 */
export function detailLines(
  event: MeshEvent,
  handshake: HandshakeEvent | undefined,
  glyphs: Glyphs,
  { excerpt = [], cause = causeOf(event, { handshake }) }: Known = {},
): readonly Line[] {
  if (event.type === "exchange.completed") {
    return [
      ...causePart(event, { cause, excerpt, handshake }),
      ...exchangeHead(event, verdictPart(cause, event), glyphs),
      ...decisionPart(event, glyphs),
      ...handshakePart(event, handshake),
      [],
      ...exchangeRest(event, glyphs),
    ];
  }
  if (event.type === "connection.closed")
    return [
      ...causePart(event, { cause, excerpt, handshake }),
      ...connectionHead(event, verdictPart(cause, event), glyphs),
      ...decisionPart(event, glyphs),
      ...handshakePart(event, handshake),
    ];
  if (event.type === "handshake.completed" || event.type === "handshake.failed") {
    return [
      ...causePart(event, { cause, excerpt, handshake }),
      [...verdictPart(cause, event), seg(`${partyName(event.from)} ${glyphs.arrow} ${targetName(event.to)}`, "strong")],
      when(event),
      ...parties(event.from, event.to),
      [],
      ...handshakeLines(event),
    ];
  }
  const line = eventLine(event, glyphs);
  return line === undefined ? [] : [line];
}

interface Told {
  readonly cause: Cause | undefined;
  readonly excerpt: readonly Line[];
  readonly handshake: HandshakeEvent | undefined;
}

function causePart(event: TrafficEvent, { cause, excerpt, handshake }: Told): readonly Line[] {
  if (cause === undefined) return [];
  const isBelow = "decision" in event && event.decision === null && handshake?.type === "handshake.failed";
  return [...causeLines(cause, verdictSegment(verdictOf(isBelow ? handshake : event)), excerpt), []];
}

/** The verdict, unless a cause has told it already. */
function verdictPart(cause: Cause | undefined, event: TrafficEvent): readonly Segment[] {
  return cause === undefined ? [verdictSegment(verdictOf(event)), seg(" ")] : [];
}

function when(event: { readonly id: string; readonly at: string; readonly generation: number }): Line {
  return [seg(`${sanitize(event.id)}  ${clockTime(event.at)}  generation ${event.generation}`, "dim")];
}

function parties(from: Party, to: Party): readonly Line[] {
  return [partyLine("from", from), partyLine("to  ", to)];
}

function partyLine(label: string, party: Party): Line {
  const name = party.workload === null ? "" : `${sanitize(party.workload)} `;
  return [
    seg(`${label} `, "dim"),
    seg(`${name}${sanitize(party.address)}`),
    seg(
      party.spiffe === null ? "  no identity" : `  ${sanitize(party.spiffe)}`,
      party.spiffe === null ? "warn" : "dim",
    ),
  ];
}

function exchangeHead(event: ExchangeEvent, verdict: readonly Segment[], glyphs: Glyphs): readonly Line[] {
  const lines: Line[] = [
    [
      ...verdict,
      seg(`${sanitize(event.method)} ${sanitize(event.authority)}${sanitize(event.path)} `, "strong"),
      seg(`${glyphs.arrow} `, "dim"),
      seg(event.status === 0 ? "no answer" : String(event.status), statusTone(event.status)),
    ],
    when(event),
    ...parties(event.from, event.to),
  ];
  if (event.replayOf !== undefined) lines.push([seg(`replay of ${sanitize(event.replayOf)}`, "info")]);
  if (event.originalPath !== null) lines.push([seg(`path as sent ${sanitize(event.originalPath)}`, "warn")]);
  if (hasFlags(event.flags))
    lines.push([seg(`flags ${sanitize(event.flags)}`, "warn"), seg(`  ${sanitize(event.details)}`)]);
  return lines;
}

/** What one looks at last: timing, route, cluster, headers. */
export function exchangeRest(event: ExchangeEvent, glyphs: Glyphs): readonly Line[] {
  const lines: Line[] = [
    [
      seg(
        `${sanitize(event.protocol)}  ${milliseconds(event.timing.total)}, upstream ${milliseconds(event.timing.upstream)}, ${event.bytes.in} B in, ${event.bytes.out} B out`,
        "dim",
      ),
    ],
  ];
  if (event.route !== null) {
    lines.push([
      seg("route ", "dim"),
      seg(sanitize(event.route)),
      ...(event.routeAt === null ? [] : [seg(` ${place(event.routeAt)}`, "info")]),
    ]);
  }
  if (event.cluster !== null) {
    lines.push([
      seg("cluster ", "dim"),
      seg(sanitize(event.cluster)),
      seg(event.endpoint === null ? "" : ` ${glyphs.arrow} ${sanitize(event.endpoint)}`),
      seg(event.attempts > 1 ? `  ${event.attempts} attempts` : "", "warn"),
    ]);
  }
  for (const [name, value] of Object.entries(event.headers ?? {}))
    lines.push([seg(`  ${sanitize(name)}: `, "dim"), seg(sanitize(value))]);
  return lines;
}

function connectionHead(event: ConnectionEvent, verdict: readonly Segment[], glyphs: Glyphs): readonly Line[] {
  return [
    [...verdict, seg(`TCP ${partyName(event.from)} ${glyphs.arrow} ${targetName(event.to)}`, "strong")],
    when(event),
    ...parties(event.from, event.to),
    [seg(`open for ${milliseconds(event.ms)}, ${event.bytes.in} B in, ${event.bytes.out} B out`, "dim")],
    ...(hasFlags(event.flags)
      ? [[seg(`flags ${sanitize(event.flags)}`, "warn"), seg(`  ${sanitize(event.details)}`)]]
      : []),
  ];
}

function decisionPart(event: ExchangeEvent | ConnectionEvent, glyphs: Glyphs): readonly Line[] {
  const asked = extAuthzLines(event.extAuthz, glyphs);
  if (event.decision !== null) return [[], ...decisionLines(event.decision), ...asked];
  if (asked.length > 0) return [[], ...asked];
  return event.side === "outbound" ? [[], [seg("no decision here: only the server's sidecar decides", "dim")]] : [];
}

function handshakePart(event: ExchangeEvent | ConnectionEvent, handshake: HandshakeEvent | undefined): readonly Line[] {
  if (handshake !== undefined) return [[], ...handshakeLines(handshake)];
  if (event.handshake !== null) return [[], [seg(`handshake ${sanitize(event.handshake)} is no longer kept`, "dim")]];
  return [[], [seg("plaintext: no handshake", "warn")]];
}
