import type { ConnectionEvent, ExchangeEvent, HandshakeEvent, MeshEvent, Party } from "../../runtime/model/event.ts";
import { causeOf, type CauseSources } from "../../runtime/store/cause.ts";
import type { TlsSides } from "../../runtime/store/tls-sides.ts";
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

/**
 * Everything known about one event, for the detail pane and `why`: what, who, decision, handshake.
 * The cause comes first; `excerpt` is the line of YAML behind it.
 */
export function detailLines(
  event: MeshEvent,
  handshake: HandshakeEvent | undefined,
  glyphs: Glyphs,
  { excerpt = [], sides }: { readonly excerpt?: readonly Line[]; readonly sides?: TlsSides | undefined } = {},
): readonly Line[] {
  const known = { handshake, sides };
  if (event.type === "exchange.completed") {
    return [
      ...causePart(event, excerpt, known),
      ...exchangeHead(event, verdictPart(event, known), glyphs),
      ...decisionPart(event, glyphs),
      ...handshakePart(event, handshake),
      [],
      ...exchangeRest(event, glyphs),
    ];
  }
  if (event.type === "connection.closed")
    return [
      ...causePart(event, excerpt, known),
      ...connectionHead(event, verdictPart(event, known), glyphs),
      ...decisionPart(event, glyphs),
      ...handshakePart(event, handshake),
    ];
  if (event.type === "handshake.completed" || event.type === "handshake.failed") {
    return [
      ...causePart(event, excerpt, known),
      [...verdictPart(event, known), seg(`${partyName(event.from)} ${glyphs.arrow} ${targetName(event.to)}`, "strong")],
      when(event),
      ...parties(event.from, event.to),
      [],
      ...handshakeLines(event),
    ];
  }
  const line = eventLine(event, glyphs);
  return line === undefined ? [] : [line];
}

function causePart(event: TrafficEvent, excerpt: readonly Line[], known: CauseSources): readonly Line[] {
  const cause = causeOf(event, known);
  if (cause === undefined) return [];
  const isBelow = "decision" in event && event.decision === null && known.handshake?.type === "handshake.failed";
  const told = isBelow ? (known.handshake ?? event) : event;
  return [...causeLines(cause, verdictSegment(verdictOf(told)), excerpt), []];
}

/** The verdict, unless a cause has told it already. */
function verdictPart(event: TrafficEvent, known: CauseSources): readonly Segment[] {
  return causeOf(event, known) === undefined ? [verdictSegment(verdictOf(event)), seg(" ")] : [];
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
