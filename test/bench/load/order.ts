import type { Shape } from "../shape.ts";

/** Where the load enters a chain. */
export interface Entry {
  /** A Unix socket: what a captured program's connections go to. */
  readonly path: string;
  /** Bytes that each connection begins with, base64; empty for none. */
  readonly preamble: string;
  /** Letter of `bodySizes`' paths is appended. */
  readonly authority: string;
}

export interface Order {
  readonly entry: Entry;
  readonly shape: Shape;
  readonly warmMs: number;
  readonly measureMs: number;
}

/** What came through while it was measured. */
export interface Measured {
  readonly seconds: number;
  readonly requests: number;
  readonly bytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** The load generator's words: the measured time has begun; it is over. */
export type LoadMessage =
  | { readonly type: "begun" }
  | { readonly type: "ended"; readonly measured: Measured }
  | { readonly type: "failed"; readonly reason: string };
