import type { NeedCondition } from "../model/container.ts";
import type { Workload } from "../model/mesh.ts";

/** Services that `workload` needs and that are not ready, or not what it waits for: every workload of a needed service must be. */
export function findBlockers(
  workload: Workload,
  all: readonly Workload[],
  meets: (id: string, condition: NeedCondition) => boolean,
): readonly string[] {
  return needsOf(workload).filter((key) => {
    const members = all.filter((each) => each.service === key && each.program !== undefined);
    const condition = workload.program?.conditions?.[key] ?? "ready";
    return !members.every((member) => meets(member.id, condition));
  });
}

/** Why programs can never start: `needs` that form a circle or name nothing. By workload id. */
export function findDoomed(all: readonly Workload[]): ReadonlyMap<string, string> {
  const keys = new Map<string, readonly string[]>();
  for (const workload of all)
    keys.set(workload.service, [...new Set([...(keys.get(workload.service) ?? []), ...needsOf(workload)])]);
  const doomed = new Map<string, string>();
  for (const workload of all) {
    const unknown = needsOf(workload).find((key) => !keys.has(key));
    const circle = unknown === undefined ? findCircle(workload.service, keys) : undefined;
    if (unknown !== undefined) doomed.set(workload.id, `it needs ${unknown}, which does not exist`);
    else if (circle !== undefined) doomed.set(workload.id, `needs form a circle: ${circle.join(" → ")}`);
  }
  return doomed;
}

function needsOf(workload: Workload): readonly string[] {
  return workload.program?.needs ?? [];
}

/** The shortest way from `start` back to itself. */
function findCircle(start: string, keys: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const queue: (readonly string[])[] = [[start]];
  const seen = new Set<string>();
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    for (const next of keys.get(path.at(-1) ?? "") ?? []) {
      if (next === start) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push([...path, next]);
    }
  }
  return undefined;
}

/** Ids, those that others need last to stop: the reverse of a start order. */
export function stopOrder(all: readonly Workload[]): readonly (readonly string[])[] {
  const depth = new Map<string, number>();
  const byKey = Map.groupBy(all, (workload) => workload.service);
  const visit = (key: string, above: ReadonlySet<string>): number => {
    const known = depth.get(key);
    if (known !== undefined) return known;
    if (above.has(key)) return 0;
    const inside = new Set([...above, key]);
    const needs = (byKey.get(key) ?? []).flatMap(needsOf);
    const own = needs.reduce((deepest, need) => Math.max(deepest, 1 + visit(need, inside)), 0);
    depth.set(key, own);
    return own;
  };
  const waves = new Map<number, string[]>();
  for (const workload of all) {
    const own = visit(workload.service, new Set());
    waves.set(own, [...(waves.get(own) ?? []), workload.id]);
  }
  return [...waves].toSorted(([a], [b]) => b - a).map(([, ids]) => ids);
}
