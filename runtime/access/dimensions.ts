import { callerDimension } from "./caller.ts";
import { type Dimension, patternsOf, wholePatternsOf } from "./dimension.ts";
import type { Surroundings } from "./partition.ts";
import { plainDimension } from "./plain-dimension.ts";
import { type DimensionName, type Predicate, type PredicateTable, readsTokens } from "./predicate.ts";
import type { GuardedPort, Layer, SampleRequest } from "./sample.ts";
import { tokenDimension } from "./token.ts";

export interface DimensionsRequest {
  readonly sides: readonly GuardedPort[];
  readonly layer: Layer;
  readonly surroundings: Surroundings;
  readonly table: PredicateTable;
  readonly base: SampleRequest;
}

/** Everything by which the policies tell requests apart, callers first, in the order in which a reader asks. */
export function dimensionsOf(request: DimensionsRequest): readonly Dimension[] {
  const { sides, layer, surroundings, table, base } = request;
  // Before anything is listed: asking makes them.
  const plaintext = sides.map((_, side) => table.plaintext(side));
  const outcomes = sides.flatMap((port, side) =>
    readsTokens(port, layer) ? [table.refused(side), table.accepted(side)] : [],
  );
  const byName = new Map<DimensionName, Predicate[]>();
  for (const predicate of table.list) {
    const { dimension } = predicate;
    if (dimension === undefined || predicate.clause === undefined) continue;
    const list = byName.get(dimension);
    if (list === undefined) byName.set(dimension, [predicate]);
    else list.push(predicate);
  }
  const named = (name: DimensionName): readonly Predicate[] => byName.get(name) ?? [];
  const caller = callerDimension({
    sides,
    patterns: patternsOf(named("caller")),
    plaintext,
    serverNames: named("server name"),
    likely: surroundings.identities,
    base,
  });
  const names = [...byName.keys()].toSorted((a, b) => rank(a) - rank(b));
  const claims = names.filter((name) => name.startsWith("claim ")).flatMap(named);
  const token =
    outcomes.length === 0 && claims.length === 0 && named("token").length === 0
      ? []
      : [tokenDimension({ sides, patterns: wholePatternsOf(named("token")), outcomes, claims, base })];
  const others = names
    .filter((name) => name !== "caller" && name !== "token")
    .map((name) => {
      // Of lists any combination counts, and single values would have too many.
      const isList = /^(?:header|claim) /.test(name);
      const patterns = isList ? wholePatternsOf(named(name)) : patternsOf(named(name));
      return plainDimension(name, patterns, sides, surroundings);
    });
  return [caller, ...token, ...others];
}

const order = ["caller", "source address", "forwarded address", "server name", "host", "method", "path"];

function rank(name: DimensionName): number {
  const at = order.indexOf(name);
  if (at >= 0) return at;
  return name.startsWith("header ") ? order.length : order.length + 1;
}
