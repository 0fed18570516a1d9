import type { MeshState } from "../model/state.ts";
import { filterFields } from "./filter-field.ts";

/** What can be typed at the end of a filter. */
export interface FilterCompletion {
  /** Index at which the word begins that a candidate replaces. */
  readonly from: number;
  readonly candidates: readonly string[];
}

/** Names that a running mesh adds to what the language knows. */
export interface KnownNames {
  readonly services: readonly string[];
  readonly policies: readonly string[];
  readonly filters: readonly string[];
}

export function knownNames(state: MeshState | undefined, filters: readonly string[]): KnownNames {
  return {
    services: [...new Set(state?.workloads.map((workload) => workload.service) ?? [])],
    policies: [...new Set(state?.resources.map((resource) => resource.name) ?? [])],
    filters,
  };
}

/** Fields, values of a field, and names of filters that begin with the last word of `text`. */
export function completeFilter(text: string, known: KnownNames): FilterCompletion {
  const word = /[^\s|()]*$/.exec(text)?.[0] ?? "";
  const bare = word.replace(/^[!-]+/, "");
  const start = text.length - bare.length;
  const field = /^([A-Za-z]+):/.exec(bare);
  if (field?.[1] !== undefined) {
    const values = valuesOf(field[1].toLowerCase(), known);
    return { from: start + field[0].length, candidates: beginning(values, bare.slice(field[0].length)) };
  }
  const inGroup = /(?:^|[\s!(|-])([A-Za-z]+):\([^()]*$/.exec(text)?.[1];
  if (inGroup !== undefined)
    return { from: start, candidates: beginning(valuesOf(inGroup.toLowerCase(), known), bare) };
  const names = [...filterFields.map(({ name }) => `${name}:`), ...known.filters.map((name) => `@${name}`)];
  return { from: start, candidates: beginning(names, bare) };
}

function valuesOf(field: string, known: KnownNames): readonly string[] {
  if (field === "from" || field === "to") return [...known.services, "outside"];
  if (field === "svc") return known.services;
  if (field === "policy") return known.policies;
  return filterFields.find(({ name }) => name === field)?.values ?? [];
}

function beginning(all: readonly string[], prefix: string): readonly string[] {
  const wanted = prefix.toLowerCase();
  return all.filter((each) => each.toLowerCase().startsWith(wanted) && each.toLowerCase() !== wanted);
}
