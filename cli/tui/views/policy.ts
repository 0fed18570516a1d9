import type { ResourceView } from "../../../runtime/model/state.ts";
import { sanitize } from "../../print/sanitize.ts";
import { seg, type Segment } from "../../print/segment.ts";
import type { ListColumn } from "../columns.ts";
import { drawColumns } from "./drawing.ts";
import { policyDetail } from "./policy-detail.ts";
import { listView, type Scene, type View } from "./view.ts";

export function policyView(scene: Scene): View {
  return listView(scene.state.resources, columns(scene), drawColumns(scene.glyphs.ellipsis), {
    detail: (resource) => policyDetail(resource, scene),
    subject: (resource) => ({ kind: "resource", resource }),
    pane: "below",
    empty: () => [
      [seg("No Istio resources: everything is allowed, mTLS is permissive.", "strong")],
      [],
      [seg("  Put YAML into the folders that `mesh:` names; it goes live when you save.", "dim")],
    ],
  });
}

function columns(scene: Scene): readonly ListColumn<ResourceView>[] {
  return [
    { title: "KIND", width: 21, priority: 2, cell: (resource) => seg(sanitize(resource.kind)) },
    {
      title: "NAME",
      width: "flex",
      least: 14,
      priority: 0,
      cut: "middle",
      cell: (resource) => seg(sanitize(`${resource.namespace}/${resource.name}`), "strong"),
    },
    { title: "DOES", width: 10, priority: 0, cell: actionCell },
    {
      title: "FOR",
      width: "flex",
      least: 10,
      priority: 1,
      cell: (resource) =>
        resource.hosts.length > 0
          ? seg(resource.hosts.map(sanitize).join(", "))
          : seg(resource.selects.map(sanitize).join(", ") || "-"),
    },
    {
      title: "HITS",
      width: 8,
      align: "right",
      priority: 1,
      cell: (resource) =>
        resource.rules.length === 0 ? seg("-", "dim") : seg(String(hitsOf(resource, scene.state.counts.rules))),
    },
    {
      title: "FILE",
      width: "flex",
      least: 14,
      priority: 3,
      cut: "start",
      cell: (resource) => seg(`${sanitize(resource.file)}:${resource.line}`, "info"),
    },
  ];
}

function actionCell({ action }: ResourceView): Segment {
  return action === null ? seg("-", "dim") : seg(sanitize(action), action === "DENY" ? "bad" : "plain");
}

function hitsOf(resource: ResourceView, rules: Readonly<Record<string, number>>): number {
  return resource.rules.reduce((sum, { id }) => sum + (rules[id] ?? 0), 0);
}
