import type { RequestFacts } from "../../model/decision.ts";
import type { JsonObject, RequestChanges } from "../../model/jwt.ts";

/** A request that filters change while they look at it: a rule sees what the rules before it did. */
export interface RequestView {
  readonly path: () => string;
  readonly header: (name: string) => readonly string[];
  readonly setPath: (path: string) => void;
  readonly remove: (name: string) => void;
  readonly add: (name: string, value: string) => void;
  readonly changes: () => RequestChanges;
}

export function openView(facts: RequestFacts): RequestView {
  let path = facts.path();
  const removed = new Set<string>();
  let added: (readonly [string, string])[] = [];
  return {
    path: () => path,
    header: (name) => currentValues(facts, { removed, added }, name),
    setPath: (next) => {
      path = next;
    },
    remove: (name) => {
      removed.add(name);
      added = added.filter(([each]) => each !== name);
    },
    add: (name, value) => {
      added.push([name, value]);
    },
    changes: () => ({ path, removed: [...removed], added }),
  };
}

/** A request as policies see it behind the verification of its tokens. */
export function changedFacts(
  facts: RequestFacts,
  changes: RequestChanges,
  claims: JsonObject | undefined,
): RequestFacts {
  const gone = { removed: new Set(changes.removed), added: changes.added };
  return {
    ...facts,
    ...(claims === undefined ? {} : { claims }),
    path: () => changes.path,
    header: (name) => currentValues(facts, gone, name),
  };
}

function currentValues(
  facts: RequestFacts,
  { removed, added }: { readonly removed: ReadonlySet<string>; readonly added: RequestChanges["added"] },
  name: string,
): readonly string[] {
  const kept = removed.has(name) ? [] : facts.header(name);
  const own = added.filter(([each]) => each === name);
  return own.length === 0 ? kept : [...kept, ...own.map(([, value]) => value)];
}

/** A request without headers that only a verified token may fill (spec RA-11). */
export function withoutHeaders(facts: RequestFacts, names: readonly string[]): RequestFacts {
  if (names.length === 0) return facts;
  return { ...facts, header: (name) => (names.includes(name) ? [] : facts.header(name)) };
}
