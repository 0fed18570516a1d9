import type { ResourceView } from "../../../runtime/model/state.ts";
import { eventLine } from "../../print/event-line.ts";
import { sanitize } from "../../print/sanitize.ts";
import { seg, type Line } from "../../print/segment.ts";
import type { ListColumn } from "../columns.ts";
import { drawColumns } from "./drawing.ts";
import { listView, type Scene, type View } from "./view.ts";

export function policyView(scene: Scene): View {
  return listView(scene.state.resources, columns, drawColumns(scene.glyphs.ellipsis), {
    detail: (resource) => ({ lines: resourceDetail(resource, scene), why: 0 }),
    subject: (resource) => ({ kind: "resource", resource }),
    pane: "below",
    empty: () => [
      [seg("No Istio resources: everything is allowed, mTLS is permissive.", "strong")],
      [],
      [seg("  Put YAML into the folders that `mesh:` names; it goes live when you save.", "dim")],
    ],
  });
}

const columns: readonly ListColumn<ResourceView>[] = [
  { title: "KIND", width: 19, priority: 0, cell: (resource) => seg(sanitize(resource.kind), "strong") },
  {
    title: "NAME",
    width: "flex",
    least: 12,
    priority: 0,
    cut: "middle",
    cell: (resource) => seg(sanitize(`${resource.namespace}/${resource.name}`)),
  },
  {
    title: "SELECTS",
    width: "flex",
    least: 10,
    priority: 1,
    cell: (resource) => seg(resource.selects.map(sanitize).join(", ") || "-"),
  },
  {
    title: "FILE",
    width: "flex",
    least: 14,
    priority: 2,
    cut: "start",
    cell: (resource) => seg(`${sanitize(resource.file)}:${resource.line}`, "info"),
  },
];

function resourceDetail(resource: ResourceView, scene: Scene): readonly Line[] {
  const lines: Line[] = [
    [
      seg(sanitize(`${resource.kind} ${resource.namespace}/${resource.name}`), "strong"),
      seg(`  ${sanitize(resource.file)}:${resource.line}`, "info"),
    ],
    [seg("selects   ", "dim"), seg(resource.selects.map(sanitize).join(", ") || "nothing by label")],
    [],
    [seg("generations, newest first", "dim")],
  ];
  const { generations } = scene.feed;
  for (let number = generations.end() - 1; number >= Math.max(generations.first(), generations.end() - 20); number--) {
    const event = generations.get(number);
    if (event === undefined) continue;
    const line = eventLine(event, scene.glyphs);
    if (line !== undefined) lines.push(line);
    if (event.type === "mesh.loaded")
      lines.push(...event.changes.slice(0, 8).map((change): Line => [seg(`      ${sanitize(change)}`, "dim")]));
  }
  return lines;
}
