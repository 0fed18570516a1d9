import type { Entry } from "../load/order.ts";
import type { Shape } from "../shape.ts";

/** Two proxies in a row, mutual TLS between them: program → caller's proxy → callee's proxy → application. */
export interface Chain extends AsyncDisposable {
  readonly name: string;
  /** What decides whether a request may pass. */
  readonly authorization: string;
  /** The processes of both proxies, and of nothing else. */
  readonly proxies: () => readonly number[];
  /** How this chain is entered for a shape; a text says why it cannot be. */
  readonly entry: (shape: Shape) => Entry | string;
  /** Variants of the chain that are measured beside it with the main shape. */
  readonly variants: readonly Variant[];
}

export interface Variant {
  readonly name: string;
  readonly authorization: string;
  readonly tui: "attached" | "detached";
  readonly proxies: () => readonly number[];
  readonly entry: Entry;
  /** Called around every measurement. */
  readonly prepare: () => Promise<AsyncDisposable>;
}

/** Opens a chain, or says why it cannot be opened here. */
export type OpenChain = () => Promise<Chain | string>;
