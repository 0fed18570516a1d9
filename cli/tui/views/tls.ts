import { clockTime } from "../../print/event-line.ts";
import { partyName } from "../../print/party.ts";
import { milliseconds, shortSpiffe } from "../../print/handshake.ts";
import { sanitize } from "../../print/sanitize.ts";
import { seg, type Line, type Segment } from "../../print/segment.ts";
import { spanWords } from "../../print/status.ts";
import type { ListColumn } from "../columns.ts";
import type { TlsEvent } from "../feed.ts";
import { growingView, nameWidth, pairCell } from "./drawing.ts";
import { hiddenLines } from "./empty.ts";
import { tlsDetail } from "./tls-detail.ts";
import type { Scene, View } from "./view.ts";

export function tlsView(scene: Scene): View {
  return growingView(scene, scene.feed.tls, tlsColumns(scene), {
    detail: (event) => tlsDetail(scene, event),
    pane: "beside",
    empty: () => hiddenLines(scene, scene.feed.tls) ?? [[seg("No handshakes yet.", "strong")]],
  });
}

function tlsColumns(scene: Scene): readonly ListColumn<TlsEvent>[] {
  const name = nameWidth(scene);
  const { glyphs } = scene;
  const arrow = ` ${glyphs.arrow} `;
  return [
    { title: "TIME", width: 8, priority: 2, cell: (event) => seg(clockTime(event.at).slice(0, 8), "dim") },
    { title: "RESULT", width: 7, priority: 0, cell: resultCell },
    {
      title: `FROM${arrow}TO`,
      width: name * 2 + arrow.length,
      priority: 0,
      cell: (event, width): Line =>
        "proxy" in event
          ? [seg(sanitize(event.proxy))]
          : pairCell(partyName(event.from), partyName(event.to), { width, name, glyphs }),
    },
    { title: "PEER, OR WHY NOT", width: "flex", least: 22, priority: 0, cell: whatCell },
    {
      title: "SEEN BY",
      width: 7,
      priority: 3,
      cell: (event) => seg("proxy" in event ? "mesh CA" : event.side, "dim"),
    },
    {
      title: "VERSION",
      width: 7,
      priority: 5,
      cell: (event) => seg("proxy" in event ? "" : sanitize(event.tls.version ?? "-"), "dim"),
    },
    {
      title: "TOOK",
      width: 8,
      align: "right",
      priority: 6,
      cell: (event) => seg("proxy" in event ? "" : milliseconds(event.ms), "dim"),
    },
  ];
}

function resultCell(event: TlsEvent): Segment {
  switch (event.type) {
    case "handshake.completed":
      return event.tls.resumed ? seg("resumed", "good") : seg("ok", "good");
    case "handshake.failed":
      return seg("FAILED", "bad");
    case "svid.issued":
      return seg("issued", "info");
    case "svid.rotated":
      return seg("rotated", "info");
  }
}

function whatCell(event: TlsEvent): Segment {
  if ("proxy" in event) {
    const seconds = Math.round((Date.parse(event.certificate.notAfter) - Date.parse(event.at)) / 1000);
    return seg(`certificate for ${spanWords(seconds)}`, "dim");
  }
  return event.failure === null
    ? seg(shortSpiffe(event.peer?.spiffe ?? null))
    : seg(sanitize(event.failure.reason), "bad");
}
