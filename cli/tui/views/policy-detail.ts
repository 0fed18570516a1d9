import type { FieldChange } from "../../../runtime/model/event.ts";
import type { ResourceView, RuleView } from "../../../runtime/model/state.ts";
import { eventLine } from "../../print/event-line.ts";
import { sanitize } from "../../print/sanitize.ts";
import { seg, type Line } from "../../print/segment.ts";
import type { GenerationEvent } from "../feed.ts";
import type { Scene } from "./view.ts";

/** One resource: whom it is for, how often each of its rules decided, and what the last generations changed. */
export function policyDetail(resource: ResourceView, scene: Scene): readonly Line[] {
  const fact = (label: string, text: string): Line => [seg(label.padEnd(9), "dim"), seg(text)];
  return [
    [
      seg(sanitize(`${resource.kind} ${resource.namespace}/${resource.name}`), "strong"),
      seg(`  ${sanitize(resource.file)}:${resource.line}`, "info"),
    ],
    ...(resource.action === null ? [] : [fact("does", sanitize(resource.action))]),
    resource.hosts.length > 0
      ? fact("hosts", resource.hosts.map(sanitize).join(", "))
      : fact("selects", resource.selects.map(sanitize).join(", ") || "nothing by label"),
    ...ruleLines(resource, scene),
    [],
    [seg("generations, newest first", "strong")],
    ...generationLines(scene),
  ];
}

function ruleLines(resource: ResourceView, scene: Scene): readonly Line[] {
  if (resource.action === null || resource.kind !== "AuthorizationPolicy") return [];
  const selected = scene.state.workloads.filter(({ id }) => resource.selects.includes(id));
  const unmatched = selected.filter(({ traffic }) => (traffic.rules["none"] ?? 0) > 0);
  return [
    [],
    [seg(resource.rules.length === 0 ? "no rules: it matches nothing" : "decisions by each rule", "strong")],
    ...resource.rules.flatMap((rule, index) => ruleLine(resource, rule, index, scene)),
    ...(resource.action === "ALLOW"
      ? unmatched.map(({ id, traffic }): Line => [
          seg(`${traffic.rules["none"] ?? 0}`.padStart(8), "warn"),
          seg(` refused by ${sanitize(id)}: no rule of any ALLOW policy matched`),
        ])
      : []),
  ];
}

function ruleLine(resource: ResourceView, rule: RuleView, index: number, scene: Scene): readonly Line[] {
  const hits = scene.state.counts.rules[rule.id] ?? 0;
  const byWorkload = scene.state.workloads.flatMap(({ id, traffic }) => {
    const own = traffic.rules[rule.id] ?? 0;
    return own > 0 ? [`${sanitize(id)} ${own}`] : [];
  });
  return [
    [
      seg(String(hits).padStart(8), hits > 0 ? "strong" : "dim"),
      seg(` rule ${index} `, "dim"),
      seg(sanitize(rule.words)),
      seg(` ${sanitize(resource.file)}:${rule.line}`, "info"),
    ],
    ...(byWorkload.length > 1 ? [[seg(`${" ".repeat(16)}${byWorkload.join(", ")}`, "dim")]] : []),
  ];
}

const mostGenerations = 20;
const mostChanges = 12;

function generationLines(scene: Scene): readonly Line[] {
  const { generations } = scene.feed;
  const lines: Line[] = [];
  const last = Math.max(generations.first(), generations.end() - mostGenerations);
  for (let number = generations.end() - 1; number >= last; number--) {
    const event = generations.get(number);
    const line = event === undefined ? undefined : eventLine(event, scene.glyphs);
    if (event !== undefined && line !== undefined) lines.push(line, ...changeLines(event, scene));
  }
  return lines;
}

function changeLines(event: GenerationEvent, scene: Scene): readonly Line[] {
  if (event.type !== "mesh.loaded") return [];
  const named = new Set(event.differences.map(({ resource }) => `${resource} changed`));
  const whole = event.changes
    .slice(1)
    .filter((change) => !named.has(change))
    .map((change): Line => [seg(`      ${sanitize(change)}`, "dim")]);
  const all = [...whole, ...event.differences.flatMap((change) => differenceLines(change, scene))];
  const rest = all.length - mostChanges;
  return rest > 0 ? [...all.slice(0, mostChanges), [seg(`      and ${rest} lines more`, "dim")]] : all;
}

function differenceLines(change: FieldChange, scene: Scene): readonly Line[] {
  return [
    [
      seg(`      ${sanitize(change.resource.replace(/^\S+ /, ""))} `, "dim"),
      seg(sanitize(change.field)),
      seg(": ", "dim"),
      ...(change.before === null ? [seg("added", "dim")] : [seg(sanitize(change.before), "bad")]),
      seg(` ${scene.glyphs.arrow} `, "dim"),
      ...(change.after === null ? [seg("removed", "dim")] : [seg(sanitize(change.after), "good")]),
    ],
  ];
}
