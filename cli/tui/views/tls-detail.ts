import type { SvidEvent } from "../../../runtime/model/event.ts";
import { detailLines } from "../../print/event-detail.ts";
import { clockTime } from "../../print/event-line.ts";
import { certificateFactLines } from "../../print/handshake.ts";
import { sanitize } from "../../print/sanitize.ts";
import { seg, type Line } from "../../print/segment.ts";
import { spanWords } from "../../print/status.ts";
import type { TlsEvent } from "../feed.ts";
import type { Scene } from "./view.ts";

/** One handshake, or one certificate that was issued, and how certificates of both sides came and will go. */
export function tlsDetail(scene: Scene, event: TlsEvent): readonly Line[] {
  if ("proxy" in event) return [...svidLines(event), ...timelines(scene, [event.proxy])];
  const workloads = [event.to.workload, event.from.workload].filter((workload) => workload !== null);
  return [...detailLines(event, undefined, scene.glyphs), ...timelines(scene, workloads)];
}

function svidLines(event: SvidEvent): readonly Line[] {
  const { certificate } = event;
  return [
    [
      seg(event.type === "svid.issued" ? "ISSUED   " : "ROTATED  ", "good"),
      seg(`a certificate for ${sanitize(event.proxy)}`, "strong"),
    ],
    [seg(`${sanitize(event.id)}  ${clockTime(event.at)}  generation ${event.generation}`, "dim")],
    [],
    [seg(sanitize(certificate.sans.join(", ")))],
    ...certificateFactLines(certificate),
  ];
}

function timelines(scene: Scene, workloads: readonly string[]): readonly Line[] {
  return [...new Set(workloads)].flatMap((workload) => timeline(scene, workload));
}

/** Newest first. What has not happened yet is named as a prediction. */
function timeline(scene: Scene, workload: string): readonly Line[] {
  const rotateAt = scene.state.workloads.find(({ id }) => id === workload)?.rotateAt ?? null;
  const past = scene.feed.svids(workload).toReversed();
  if (rotateAt === null && past.length === 0) return [];
  return [
    [],
    [seg(`certificates of ${sanitize(workload)}, newest first`, "strong")],
    ...(rotateAt === null ? [] : [planned(rotateAt, scene.now)]),
    ...past
      .slice(0, 8)
      .map((event): Line => [
        seg(`  ${clockTime(event.at)} `, "dim"),
        seg(event.type === "svid.issued" ? "issued " : "rotated", "good"),
        seg(`  serial ${sanitize(event.certificate.serial)}`, "dim"),
      ]),
  ];
}

function planned(rotateAt: string, now: number): Line {
  const seconds = Math.ceil((Date.parse(rotateAt) - now) / 1000);
  return [
    seg(`  ${clockTime(rotateAt)} `, "dim"),
    seg("rotation", "info"),
    seg(seconds > 0 ? ` predicted, in ${spanWords(seconds)}` : " is due", "dim"),
  ];
}
