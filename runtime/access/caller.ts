import { plaintextLabel } from "./describe.ts";
import { type Cell, type Dimension, type Pattern, patternLanguage, textCells, truthsOf } from "./dimension.ts";
import type { Predicate } from "./predicate.ts";
import type { GuardedPort, SampleRequest } from "./sample.ts";
import { seenBy } from "./sample.ts";
import { identities } from "./universe.ts";

export interface CallerRequest {
  readonly sides: readonly GuardedPort[];
  /** Questions about identities. */
  readonly patterns: readonly Pattern[];
  /** Per side: whether the call came in plaintext. */
  readonly plaintext: readonly Predicate[];
  /** Questions about the SNI, which only TLS has. */
  readonly serverNames: readonly Predicate[];
  /** SPIFFE ids of the mesh's own workloads. */
  readonly likely: readonly string[];
  readonly base: SampleRequest;
}

/** Who calls: somebody in plaintext, or a verified identity. Where TLS is off, no identity arrives. */
export function callerDimension(request: CallerRequest): Dimension {
  const { sides, patterns, plaintext, serverNames, likely, base } = request;
  const domains = sides.flatMap(({ trust }) => trust.trustDomains);
  const { cells, complete } = textCells({
    universe: identities(domains),
    languages: patterns.map((pattern) => patternLanguage(pattern)),
    likely,
  });
  const identity = [...new Set(patterns.flatMap(({ predicates }) => predicates))];
  const evaluate = (predicates: readonly Predicate[], sample: SampleRequest): readonly (readonly [number, boolean])[] =>
    predicates.flatMap((predicate) => {
      const port = sides[predicate.side];
      return port === undefined ? [] : [[predicate.id, predicate.holds(seenBy(port, sample))]];
    });
  const isBlind = ({ side }: Predicate): boolean => sides[side]?.listener.mode === "DISABLE";
  /** Under PERMISSIVE, TLS that is not the mesh's tells its SNI to policies for TCP. */
  const isNameless = (predicate: Predicate): boolean =>
    base.layer === "http" || sides[predicate.side]?.listener.mode !== "PERMISSIVE";
  const plain = (value: boolean): readonly (readonly [number, boolean])[] => plaintext.map(({ id }) => [id, value]);
  const inPlaintext: Cell = {
    held: patterns.map(() => false),
    label: plaintextLabel,
    truths: new Map([
      ...evaluate([...identity, ...serverNames.filter(isNameless)], { ...base, peer: undefined }),
      ...plain(true),
    ]),
    sample: () => ({ peer: undefined }),
  };
  const identified = cells.map(({ held, value }): Cell => ({
    held,
    truths: new Map([
      ...truthsOf(patterns, held),
      ...evaluate([...identity, ...serverNames].filter(isBlind), { ...base, peer: value() }),
      ...plain(false),
    ]),
    sample: (random) => ({ peer: value(random) }),
  }));
  return {
    name: "caller",
    patterns: patterns.map(({ words }) => words),
    cells: [inPlaintext, ...identified],
    complete,
  };
}
