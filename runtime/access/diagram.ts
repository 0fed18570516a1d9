import type { CompiledRule } from "../model/policy.ts";
import type { Dimension } from "./dimension.ts";
import { keyOf, narrow, openPredicates, type OpenSide } from "./formula.ts";

/** Asks for one part of a request; cells that lead to the same place are one branch. */
export interface Branching {
  readonly kind: "branching";
  readonly dimension: number;
  readonly branches: readonly Branch[];
  /** How many ways lead from here to a leaf. */
  readonly ways: number;
}

export interface Branch {
  /** Indices into the cells of the dimension. */
  readonly cells: readonly number[];
  readonly to: Node;
}

/** Nothing is left to ask. `open` undefined: the diagram had become too large, and nothing is known. */
export interface Leaf {
  readonly kind: "leaf";
  readonly open: readonly OpenSide[] | undefined;
  readonly ways: 1;
}

export type Node = Branching | Leaf;

const most = 20_000;

/**
 * A decision diagram over the dimensions in their order, reduced: equal parts are one node, and nothing is asked that makes no
 * difference. Ways from the root to leaves are disjoint and together all requests.
 */
export function buildDiagram(dimensions: readonly Dimension[], sides: readonly OpenSide[]): Node {
  const numbers = new Map<CompiledRule, number>();
  const numberOf = (rule: CompiledRule): number => {
    const number = numbers.get(rule) ?? numbers.size;
    numbers.set(rule, number);
    return number;
  };
  const settles = dimensions.map(({ cells }) => new Set(cells.flatMap(({ truths }) => [...truths.keys()])));
  const known = new Map<string, Node>();
  const nodes = new Map<string, Node>();
  const ids = new Map<Node, number>();
  const unique = (key: string, make: () => Node): Node => {
    const node = nodes.get(key) ?? make();
    nodes.set(key, node);
    if (!ids.has(node)) ids.set(node, ids.size);
    return node;
  };
  const cut = unique("cut", () => ({ kind: "leaf", open: undefined, ways: 1 }));

  const build = (open: readonly OpenSide[], from: number): Node => {
    const predicates = openPredicates(open);
    const text = keyOf(open, numberOf);
    if (predicates.size === 0) return unique(`leaf ${text}`, () => ({ kind: "leaf", open, ways: 1 }));
    const at = settles.findIndex((ids, index) => index >= from && [...predicates].some((id) => ids.has(id)));
    const key = `${at} ${text}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const dimension = dimensions[at];
    if (dimension === undefined || known.size >= most) return cut;
    const groups = new Map<Node, number[]>();
    for (const [index, { truths }] of dimension.cells.entries()) {
      const to = build(
        open.map((side) => narrow(side, truths)),
        at + 1,
      );
      const group = groups.get(to);
      if (group === undefined) groups.set(to, [index]);
      else group.push(index);
    }
    const branches = Array.from(groups, ([to, cells]): Branch => ({ cells, to }));
    const [only] = branches;
    const node =
      only !== undefined && branches.length === 1
        ? only.to
        : unique(`${at} ${branches.map(({ cells, to }) => `${ids.get(to)}:${cells.join(",")}`).join(" ")}`, () => ({
            kind: "branching",
            dimension: at,
            branches,
            ways: branches.reduce((sum, { to }) => sum + to.ways, 0),
          }));
    known.set(key, node);
    return node;
  };
  return build(sides, 0);
}

/** A way to a leaf: per dimension that is asked the cells that lead there. */
export interface Way {
  readonly steps: readonly { readonly dimension: number; readonly cells: readonly number[] }[];
  readonly leaf: Leaf;
}

/** All ways, one after the other. */
export function* waysOf(node: Node, steps: Way["steps"] = []): Generator<Way> {
  if (node.kind === "leaf") {
    yield { steps, leaf: node };
    return;
  }
  for (const { cells, to } of node.branches) yield* waysOf(to, [...steps, { dimension: node.dimension, cells }]);
}

/** The way of one request; `cellOf` finds its cell in a dimension, undefined: it is in none. */
export function wayOf(root: Node, cellOf: (dimension: number) => number | undefined): Way | undefined {
  const steps: Way["steps"][number][] = [];
  let node = root;
  while (node.kind === "branching") {
    const cell = cellOf(node.dimension);
    const branch = cell === undefined ? undefined : node.branches.find(({ cells }) => cells.includes(cell));
    if (branch === undefined) return undefined;
    steps.push({ dimension: node.dimension, cells: branch.cells });
    node = branch.to;
  }
  return { steps, leaf: node };
}
