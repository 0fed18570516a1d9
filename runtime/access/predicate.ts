import { assertNever } from "../core/assert-never.ts";
import type { Clause } from "../model/policy.ts";
import { bindClause, type FactsTest } from "../policy/clause.ts";
import type { GuardedPort, Layer, Seen } from "./sample.ts";

/** A part of a request by which classes are told apart: `caller`, `path`, `header x-role`, `claim groups`. */
export type DimensionName = string;

/** What one version of the policies asks of a request: a clause without its negation, or what TLS mode and tokens decide before any. */
export interface Predicate {
  readonly id: number;
  /** Index of the version. */
  readonly side: number;
  /** Undefined: the same for every request. */
  readonly dimension: DimensionName | undefined;
  readonly clause: Clause | undefined;
  readonly holds: (seen: Seen) => boolean;
}

export interface PredicateTable {
  readonly list: readonly Predicate[];
  readonly ofClause: (side: number, stage: "custom" | "enforced", clause: Clause) => Predicate;
  /** The call comes in plaintext. */
  readonly plaintext: (side: number) => Predicate;
  /** Its token is refused. */
  readonly refused: (side: number) => Predicate;
  /** Its token is accepted. */
  readonly accepted: (side: number) => Predicate;
}

/** Predicates by what they ask; the same question is one predicate. */
export function createPredicates(layer: Layer): PredicateTable {
  const list: Predicate[] = [];
  const known = new Map<string, Predicate>();
  const intern = (key: string, make: () => Omit<Predicate, "id">): Predicate => {
    const found = known.get(key) ?? { id: list.length, ...make() };
    if (!known.has(key)) {
      known.set(key, found);
      list.push(found);
    }
    return found;
  };
  return {
    list,
    ofClause: (side, stage, clause) => {
      const { attribute, matchers } = clause;
      const isToken = attribute.kind === "claim" || attribute.kind === "request-principal";
      // Providers are asked before any token is verified.
      const never = stage === "custom" && isToken;
      return intern(JSON.stringify([side, never, attribute, matchers]), () => {
        const test: FactsTest = never ? () => false : bindClause({ ...clause, negated: false });
        const dimension = never ? undefined : dimensionOf(clause, layer);
        return { side, dimension, clause, holds: ({ facts }) => test(facts) };
      });
    },
    plaintext: (side) =>
      intern(`plaintext ${side}`, () => ({
        side,
        dimension: "caller",
        clause: undefined,
        holds: ({ plaintext }) => plaintext,
      })),
    refused: (side) =>
      intern(`refused ${side}`, () => ({
        side,
        dimension: "token",
        clause: undefined,
        holds: ({ token }) => token === "refused",
      })),
    accepted: (side) =>
      intern(`accepted ${side}`, () => ({
        side,
        dimension: "token",
        clause: undefined,
        holds: ({ token }) => token === "accepted",
      })),
  };
}

/** Undefined: the port or the workload answers it. */
function dimensionOf({ attribute }: Clause, layer: Layer): DimensionName | undefined {
  switch (attribute.kind) {
    case "peer":
      return "caller";
    case "source-ip":
      return "source address";
    case "remote-ip":
      // Where nobody reads headers, the caller's address is the only one.
      return layer === "tcp" ? "source address" : "forwarded address";
    case "destination-ip":
    case "destination-port":
    case "metadata":
      return undefined;
    case "sni":
      return "server name";
    case "host":
    case "method":
    case "path":
      return attribute.kind;
    case "header":
      return headerDimension(attribute.name);
    case "claim": {
      const [name = "", ...rest] = attribute.path;
      return rest.length === 0 && ["iss", "sub", "aud"].includes(name) ? "token" : `claim ${attribute.path.join(".")}`;
    }
    case "request-principal":
      return "token";
    default:
      return assertNever(attribute);
  }
}

function headerDimension(name: string): DimensionName {
  switch (name) {
    case ":method":
      return "method";
    case ":path":
      return "path";
    case ":authority":
    case "host":
      return "host";
    default:
      return `header ${name}`;
  }
}

/** Whether tokens are looked at. */
export function readsTokens({ inbound }: GuardedPort, layer: Layer): boolean {
  return layer === "http" && inbound.jwt.length > 0;
}
