import type { FieldChange } from "../model/event.ts";
import type { Mesh } from "../model/mesh.ts";
import { type Resource, resourceName } from "../model/resource.ts";
import { allResources } from "./changes.ts";
import { isRecord } from "./yaml-tree.ts";

/** More than that is no edit that anybody reads field by field. */
const mostChanges = 100;
const longestValue = 200;

/** What an edit changed inside resources that were there before and still are, field by field, values as JSON. */
export function describeDifferences(before: Mesh | undefined, after: Mesh): readonly FieldChange[] {
  if (before === undefined) return [];
  const old = new Map(allResources(before).map((resource) => [resourceName(resource), resource]));
  const changes: FieldChange[] = [];
  for (const resource of allResources(after)) {
    const known = old.get(resourceName(resource));
    if (known === undefined || known === resource) continue;
    changes.push(...compareSpecs(known, resource));
    if (changes.length >= mostChanges) break;
  }
  return changes.slice(0, mostChanges);
}

function compareSpecs(before: Resource, after: Resource): readonly FieldChange[] {
  const resource = resourceName(after);
  return [...differences(before.spec, after.spec, "spec")].map((change) => ({ resource, ...change }));
}

function* differences(before: unknown, after: unknown, field: string): Generator<Omit<FieldChange, "resource">> {
  if (isRecord(before) && isRecord(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      yield* differences(before[name], after[name], `${field}.${name}`);
    return;
  }
  // Lists of fields are compared place by place; lists of values are one value.
  if (Array.isArray(before) && Array.isArray(after) && [...before, ...after].every(isRecord)) {
    const length = Math.max(before.length, after.length);
    for (let at = 0; at < length; at++) yield* differences(before[at], after[at], `${field}[${at}]`);
    return;
  }
  const [was, is] = [valueText(before), valueText(after)];
  if (was !== is) yield { field, before: shorten(was), after: shorten(is) };
}

function valueText(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function shorten(text: string | null): string | null {
  return text === null || text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`;
}
