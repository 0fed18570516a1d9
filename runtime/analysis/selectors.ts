import type { Labels } from "../model/resource.ts";
import { labels, list, record, text } from "./read.ts";

/** A set of labels as Kubernetes prints it as a selector: by key, `a=b,c=d`. */
export function selectorText(selector: Labels): string {
  return Object.entries(selector)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** An empty selector selects everything. */
export function selects(selector: Labels, of: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => Object.hasOwn(of, key) && of[key] === value);
}

/** The field of the first label that a printed selector names; Istio points messages about selectors there. */
export function selectorField(map: string, selector: string): string {
  return `${map}.${selector.includes("=") ? selector.slice(0, selector.indexOf("=")) : ""}`;
}

/** A Kubernetes LabelSelector with `matchLabels` and `matchExpressions`; an absent one selects everything, one that cannot be read nothing. */
export function matchesLabelSelector(selector: unknown, of: Labels): boolean {
  if (selector === undefined || selector === null) return true;
  if (!selects(labels(selector, "matchLabels"), of)) return false;
  return list(selector, "matchExpressions").every((expression) => {
    const key = text(expression, "key");
    const values = list(expression, "values");
    const value = Object.hasOwn(of, key) ? of[key] : undefined;
    switch (text(expression, "operator")) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
      default:
        return false;
    }
  });
}

/** `workloadSelector.labels` or `selector.matchLabels` of a spec. */
export function matchLabels(spec: unknown, ...path: readonly string[]): Labels {
  return labels(record(spec, ...path));
}
