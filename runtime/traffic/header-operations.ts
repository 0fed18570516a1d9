import type { HeaderOperations } from "../model/istio-networking.ts";
import { appendHeader, dropHeader, setHeader, type HeaderEditBuilder } from "./header-edit-builder.ts";
import { bindHeaderFormat, type FormatFacts, type HeaderFormat } from "./header-format.ts";

/** One phase of header operations: all removals, then the writes in order (spec traffic 2.7.2). */
export interface HeaderPhase {
  readonly remove: readonly string[];
  readonly writes: readonly { readonly name: string; readonly value: HeaderFormat; readonly append: boolean }[];
}

/** Joins the operations of several levels into one phase; undefined when there is nothing to do. */
function bindPhase(levels: readonly (HeaderOperations | undefined)[]): HeaderPhase | undefined {
  const remove: string[] = [];
  const writes: HeaderPhase["writes"][number][] = [];
  for (const level of levels) {
    if (level === undefined) continue;
    remove.push(...(level.remove ?? []).map((name) => name.toLowerCase()).filter(isPlain));
    writes.push(...bindWrites(level.set, false), ...bindWrites(level.add, true));
  }
  return remove.length === 0 && writes.length === 0 ? undefined : { remove, writes };
}

/** With one destination its operations follow the route's in the same phase; with several they run before it (spec traffic 2.7.2). */
export function bindPhases(
  route: HeaderOperations | undefined,
  destination: HeaderOperations | undefined,
  weighted: boolean,
): readonly HeaderPhase[] {
  const phases = weighted ? [bindPhase([destination]), bindPhase([route])] : [bindPhase([route, destination])];
  return phases.filter((phase) => phase !== undefined);
}

export function applyPhases(phases: readonly HeaderPhase[], edit: HeaderEditBuilder, facts: FormatFacts): void {
  for (const phase of phases) {
    for (const name of phase.remove) dropHeader(edit, name);
    for (const { name, value, append } of phase.writes) {
      const text = value(facts);
      // Envoy leaves a header alone whose value comes out empty.
      if (text === "") continue;
      if (append) appendHeader(edit, name, text);
      else setHeader(edit, name, text);
    }
  }
}

function bindWrites(values: Readonly<Record<string, string>> | undefined, append: boolean): HeaderPhase["writes"] {
  return Object.entries(values ?? {})
    .map(([name, value]) => ({ name: name.toLowerCase(), value: bindHeaderFormat(value), append }))
    .filter(({ name }) => isPlain(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Pseudo headers and `host` are never plain headers: they become host rewrites at compile time (spec traffic 2.7.3). */
function isPlain(name: string): boolean {
  return !name.startsWith(":") && name !== "host";
}
