import type { HandshakeEvent } from "../../../runtime/model/event.ts";
import { clockTime, partyName } from "../../print/event-line.ts";
import { detailLines } from "../../print/event-detail.ts";
import { milliseconds, shortSpiffe } from "../../print/handshake.ts";
import { sanitize } from "../../print/sanitize.ts";
import { seg } from "../../print/segment.ts";
import { truncate, widthOf } from "../../print/width.ts";
import type { ListColumn } from "../columns.ts";
import { growingView, nameWidth } from "./drawing.ts";
import { hiddenLines } from "./empty.ts";
import type { Scene, View } from "./view.ts";

export function tlsView(scene: Scene): View {
  return growingView(scene, scene.feed.handshakes, tlsColumns(scene), {
    detail: (event) => ({ lines: detailLines(event, undefined, scene.glyphs), why: 5 }),
    pane: "beside",
    empty: () => hiddenLines(scene, scene.feed.handshakes) ?? [[seg("No handshakes yet.", "strong")]],
  });
}

function tlsColumns(scene: Scene): readonly ListColumn<HandshakeEvent>[] {
  const name = nameWidth(scene);
  const { glyphs } = scene;
  const arrow = ` ${glyphs.arrow} `;
  return [
    { title: "TIME", width: 8, priority: 6, cell: (event) => seg(clockTime(event.at).slice(0, 8), "dim") },
    {
      title: "RESULT",
      width: 6,
      priority: 0,
      cell: (event) => (event.failure === null ? seg("ok", "good") : seg("FAILED", "bad")),
    },
    { title: "SEEN BY", width: 7, priority: 3, cell: (event) => seg(event.side, "dim") },
    {
      title: `FROM${arrow}TO`,
      width: name * 2 + arrow.length,
      priority: 0,
      cell: (event, width) => {
        const from = truncate(
          partyName(event.from),
          Math.min(name, Math.floor((width - arrow.length) / 2)),
          "middle",
          glyphs.ellipsis,
        );
        return [
          seg(from),
          seg(arrow, "dim"),
          seg(truncate(partyName(event.to), width - widthOf(from) - arrow.length, "middle", glyphs.ellipsis)),
        ];
      },
    },
    {
      title: "PEER, OR WHY NOT",
      width: "flex",
      least: 14,
      priority: 0,
      cell: (event) =>
        event.failure === null
          ? seg(shortSpiffe(event.peer?.spiffe ?? null))
          : seg(sanitize(event.failure.reason), "bad"),
    },
    { title: "VERSION", width: 7, priority: 2, cell: (event) => seg(sanitize(event.tls.version ?? "-"), "dim") },
    { title: "TOOK", width: 8, align: "right", priority: 4, cell: (event) => seg(milliseconds(event.ms), "dim") },
  ];
}
