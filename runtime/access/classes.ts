import type { JsonObject, JsonValue } from "../model/jwt.ts";
import type { Random } from "./explore.ts";
import { describeCells } from "./describe.ts";
import { type Way, waysOf, wayOf } from "./diagram.ts";
import { bindOutcome, type ClassOutcome } from "./outcome.ts";
import type { Partition } from "./partition.ts";
import type { DimensionName } from "./predicate.ts";
import { type SampleRequest, type Seen, seenBy } from "./sample.ts";

/** Requests that no version of the policies tells apart. */
export interface AccessClass {
  /** Place among the classes of the partition. */
  readonly id: number;
  /** What all of them have in common, by dimension; dimensions that make no difference are not named. */
  readonly conditions: readonly Condition[];
  /** Cells of the first dimension, the callers; undefined: all of them. */
  readonly callers: readonly number[] | undefined;
  /** One per version. */
  readonly outcomes: readonly ClassOutcome[];
  /** One of them; undefined: none was found, and perhaps there is none. */
  readonly witness: SampleRequest | undefined;
  /** Whether a request is one of them. */
  readonly has: (sample: SampleRequest) => boolean;
  /** Any of them, now and then none. */
  readonly draw: (random: Random) => SampleRequest | undefined;
  /** Whether a request, told by how each version sees it, is one of them. */
  readonly holds: (seen: readonly Seen[]) => boolean;
}

export interface Condition {
  readonly dimension: DimensionName;
  /** `/api/*, but not /api/admin` */
  readonly text: string;
}

export interface AccessClasses {
  readonly partition: Partition;
  readonly classes: readonly AccessClass[];
  /** What is missing, in words; empty: `classes` are all. */
  readonly cut: readonly string[];
}

/** How many ways are followed before the rest is cut, and how many classes are kept. */
const most = { ways: 20_000, classes: 2_000 };

/**
 * The classes of a partition, in the order of its dimensions. `wanted` looks at the outcomes and keeps some. Classes for which
 * no request is found, which arise where dimensions are not independent, are left out, and that is said.
 */
export function classesOf(
  partition: Partition,
  wanted: (outcomes: readonly ClassOutcome[]) => boolean = () => true,
): AccessClasses {
  const { layer, sides, dimensions, root } = partition;
  const decide = sides.map((port) => bindOutcome(port, layer));
  const cut = dimensions
    .filter(({ complete }) => !complete)
    .map(({ name }) => `the policies tell more ${name} values apart than are followed here`);
  const classes: AccessClass[] = [];
  let followed = 0;
  let unknown = 0;
  let without = 0;
  for (const way of waysOf(root)) {
    followed += 1;
    if (followed > most.ways || classes.length >= most.classes) {
      cut.push(`${root.ways} classes; only some of them are told`);
      break;
    }
    const { open } = way.leaf;
    if (open === undefined) {
      unknown += 1;
      continue;
    }
    const outcomes = open.flatMap((side, index) => decide[index]?.(side) ?? []);
    if (!wanted(outcomes)) continue;
    const witness = witnessOf(partition, way);
    if (witness === undefined) {
      without += 1;
      continue;
    }
    classes.push({
      id: classes.length,
      conditions: conditionsOf(partition, way),
      callers: way.steps.find(({ dimension }) => dimension === 0)?.cells,
      outcomes,
      witness,
      has: (sample) => isOnWay(partition, way, sample),
      draw: (random) => witnessOf(partition, way, random),
      holds: (seen) => {
        const found = findWay(partition, seen);
        return found !== undefined && isSameWay(found, way);
      },
    });
  }
  if (without > 0) cut.push(`${without} classes are left out, as no request of them was found`);
  if (unknown > 0) cut.push(`${unknown} classes are not decided: the policies tell too much apart`);
  return { partition, classes, cut };
}

/** The class of one request, told by how each version sees it; undefined: it is none that the classes are about. */
export function outcomesOf(partition: Partition, seen: readonly Seen[]): readonly ClassOutcome[] | undefined {
  const { open } = findWay(partition, seen)?.leaf ?? {};
  return open?.flatMap((side, index) => {
    const port = partition.sides[index];
    return port === undefined ? [] : [bindOutcome(port, partition.layer)(side)];
  });
}

/** The cell of callers that an identity is in; undefined for the identity: plaintext. */
export function callerCell(partition: Partition, peer: string | undefined): number | undefined {
  const seen = partition.sides.map((port) => seenBy(port, { ...partition.base, peer }));
  return findCell(partition, 0, bindHolds(partition, seen));
}

function findWay(partition: Partition, seen: readonly Seen[]): Way | undefined {
  const holds = bindHolds(partition, seen);
  return wayOf(partition.root, (at) => findCell(partition, at, holds));
}

function bindHolds({ predicates }: Partition, seen: readonly Seen[]): (id: number) => boolean {
  const known = new Map<number, boolean>();
  return (id) => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const predicate = predicates[id];
    const side = predicate === undefined ? undefined : seen[predicate.side];
    const result = predicate !== undefined && side !== undefined && predicate.holds(side);
    known.set(id, result);
    return result;
  };
}

function findCell({ dimensions }: Partition, at: number, holds: (id: number) => boolean): number | undefined {
  const found = (dimensions[at]?.cells ?? []).findIndex(({ truths }) =>
    [...truths].every(([id, value]) => holds(id) === value),
  );
  return found < 0 ? undefined : found;
}

function conditionsOf({ dimensions }: Partition, { steps }: Way): readonly Condition[] {
  return steps.flatMap(({ dimension: at, cells }) => {
    const dimension = dimensions[at];
    const text = dimension === undefined ? undefined : describeCells(dimension, cells);
    return dimension === undefined || text === undefined ? [] : [{ dimension: dimension.name, text }];
  });
}

/** A request on this way. Several cells are tried, as dimensions may stand in each other's way; what comes out is classified again. */
function witnessOf(partition: Partition, way: Way, random?: Random): SampleRequest | undefined {
  const tries = random === undefined ? 12 : 1;
  const choose = random ?? steady();
  for (let attempt = 0; attempt < tries; attempt += 1) {
    let sample = partition.base;
    for (const { dimension, cells } of way.steps) {
      const at = attempt === 0 && random === undefined ? 0 : Math.floor(choose() * cells.length);
      const cell = partition.dimensions[dimension]?.cells[cells[at] ?? -1];
      if (cell !== undefined) sample = merge(sample, cell.sample(random));
    }
    if (isOnWay(partition, way, sample)) return sample;
  }
  return undefined;
}

/** The same numbers every time; [0, 1). */
function steady(): Random {
  let state = 1;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function isOnWay(partition: Partition, way: Way, sample: SampleRequest): boolean {
  const seen = partition.sides.map((port) => seenBy(port, sample));
  const found = findWay(partition, seen);
  return found !== undefined && isSameWay(found, way);
}

function isSameWay(a: Way, b: Way): boolean {
  return (
    a.leaf === b.leaf &&
    a.steps.length === b.steps.length &&
    a.steps.every(({ dimension, cells }, at) => b.steps[at]?.dimension === dimension && b.steps[at].cells === cells)
  );
}

function merge(sample: SampleRequest, part: Partial<SampleRequest>): SampleRequest {
  const { headers, token, ...rest } = part;
  return {
    ...sample,
    ...rest,
    headers: { ...sample.headers, ...headers },
    token:
      token?.kind === "accepted" && sample.token.kind === "accepted"
        ? { kind: "accepted", claims: mergeClaims(sample.token.claims, token.claims) }
        : (token ?? sample.token),
  };
}

function mergeClaims(a: JsonObject, b: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const before = merged[name];
    merged[name] = isObject(before) && isObject(value) ? mergeClaims(before, value) : value;
  }
  return merged;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
