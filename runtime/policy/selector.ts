import type { Labels } from "../model/resource.ts";

/** Whether every wanted label is there; no wanted labels select everything (spec 0.2.5). */
export function isSelected(wanted: Labels | undefined, labels: Labels): boolean {
  if (wanted === undefined) return true;
  for (const [name, value] of Object.entries(wanted)) {
    if (labels[name] !== value) return false;
  }
  return true;
}
