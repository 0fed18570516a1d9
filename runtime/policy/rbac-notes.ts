import type { RequestFacts } from "../model/decision.ts";
import { type FilterNotes, notingFilters } from "../model/filter-notes.ts";
import type { PolicySet } from "../model/policy.ts";

/** Whether some rule asks what an RBAC filter of its layer noted. */
export function readsRbacNotes(set: PolicySet): boolean {
  return readsNotesOf(set, notingFilters[set.layer].rbac);
}

export function readsNotesOf({ policies }: PolicySet, name: string): boolean {
  return policies.some(({ rules }) =>
    rules.some(({ when }) => when.some(({ attribute }) => attribute.kind === "metadata" && attribute.filter === name)),
  );
}

/** The facts with more notes of RBAC filters; a key that is there already is written over. */
export function withRbacNotes(facts: RequestFacts, more: FilterNotes): RequestFacts {
  if (more.size === 0) return facts;
  const name = notingFilters[facts.layer].rbac;
  const before = facts.notes?.get(name) ?? [];
  return { ...facts, notes: new Map([...(facts.notes ?? []), [name, new Map([...before, ...more])]]) };
}
