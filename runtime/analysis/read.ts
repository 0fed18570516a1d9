import type { Labels } from "../model/resource.ts";
import { stringEntries } from "../config/string-entries.ts";
import { isRecord } from "../config/yaml-tree.ts";

/** Reading of objects whose shape is not known here, such as those of Kubernetes. What has another type counts as absent. */

export function record(value: unknown, ...path: readonly string[]): Readonly<Record<string, unknown>> {
  const found = at(value, path);
  return isRecord(found) ? found : {};
}

export function list(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
}

export function text(value: unknown, ...path: readonly string[]): string {
  const found = at(value, path);
  return typeof found === "string" ? found : "";
}

export function number(value: unknown, ...path: readonly string[]): number {
  const found = at(value, path);
  return typeof found === "number" ? found : 0;
}

export function labels(value: unknown, ...path: readonly string[]): Labels {
  return stringEntries(at(value, path));
}

export function has(value: unknown, ...path: readonly string[]): boolean {
  return at(value, path) !== undefined;
}

function at(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    if (!isRecord(current)) return undefined;
    current = current[key];
  }
  return current ?? undefined;
}
