import type { Dimension } from "./dimension.ts";
import { buildDiagram, type Node } from "./diagram.ts";
import { dimensionsOf } from "./dimensions.ts";
import { narrow, openSide } from "./formula.ts";
import { createPredicates, type Predicate } from "./predicate.ts";
import { type GuardedPort, type Layer, type SampleRequest, seenBy } from "./sample.ts";

/** What makes examples look like requests of the mesh at hand; classes do not depend on it. */
export interface Surroundings {
  /** SPIFFE ids of workloads, likely callers first. */
  readonly identities: readonly string[];
  /** Their addresses. */
  readonly addresses: readonly string[];
  /** Host headers that callers write, the usual one first. */
  readonly hosts: readonly string[];
}

/** All requests of one layer to one port, told apart as far as some of the versions of its policies do. */
export interface Partition {
  readonly layer: Layer;
  readonly sides: readonly GuardedPort[];
  readonly dimensions: readonly Dimension[];
  readonly predicates: readonly Predicate[];
  readonly root: Node;
  /** What requests have where nothing is asked of them. */
  readonly base: SampleRequest;
}

/** `sides`: versions of the same port, one, or several to compare. */
export function partition(sides: readonly GuardedPort[], layer: Layer, surroundings: Surroundings): Partition {
  const table = createPredicates(layer);
  const open = sides.map((port, side) => openSide(port, layer, side, table));
  const [identity] = surroundings.identities;
  const base: SampleRequest = {
    layer,
    peer: identity,
    sourceIp: surroundings.addresses[0] ?? "10.244.0.1",
    sni: undefined,
    method: "GET",
    host: surroundings.hosts[0] ?? "service",
    path: "/",
    headers: {},
    token: { kind: "none" },
  };
  const dimensions = dimensionsOf({ sides, layer, surroundings, table, base });
  // What port and address answer is the same for all requests.
  const fixed = new Map(
    table.list.flatMap(({ id, side, dimension, holds }) => {
      const port = sides[side];
      return dimension !== undefined || port === undefined ? [] : [[id, holds(seenBy(port, base))] as const];
    }),
  );
  const root = buildDiagram(
    dimensions,
    open.map((side) => narrow(side, fixed)),
  );
  return { layer, sides, dimensions, predicates: table.list, root, base };
}
