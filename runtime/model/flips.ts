import type { Problem } from "../core/problem.ts";
import type { DecisionRecord } from "./decision.ts";
import type { Party } from "./event.ts";
import type { Provenance } from "./resource.ts";

/** What a change of the mesh means for calls that were really made: each decided twice, and told where the outcome differs. */
export interface Comparison {
  /** Generation. */
  readonly before: number;
  /** Null: a draft that is not live. */
  readonly after: number | null;
  /** When the oldest call ended that was kept, ISO 8601; null: there is none. */
  readonly since: string | null;
  /** Calls that were decided under both. */
  readonly compared: number;
  readonly flipped: number;
  /** Calls whose outcome the files alone do not decide, by reason. */
  readonly excluded: readonly Excluded[];
  /** Calls alike are told once; what is allowed from now on comes first. */
  readonly flips: readonly Flip[];
  /** Kinds of flips beyond those told. */
  readonly omitted: number;
  /** The calls that flip in those. */
  readonly omittedIds: readonly string[];
}

/** Which comparison is asked for; without anything that of the last save. */
export type FlipsQuestion =
  | { readonly kind: "last" }
  | { readonly kind: "generations"; readonly before: number; readonly after: number }
  /** Files and folders, absolute, that are laid over those of the mesh. */
  | { readonly kind: "draft"; readonly paths: readonly string[] };

export type FlipsAnswer =
  /** Null: nothing was saved since the mesh was started. */
  | { readonly ok: true; readonly comparison: Comparison | null }
  | { readonly ok: false; readonly message: string; readonly hint?: string; readonly problems: readonly Problem[] };

export interface Excluded {
  /** `depends on what provider opa says` */
  readonly reason: string;
  readonly calls: number;
  /** Ids of their events. */
  readonly ids: readonly string[];
}

export interface Flip {
  readonly calls: number;
  /** Ids of their events. */
  readonly ids: readonly string[];
  /** Of the latest of them. */
  readonly from: Party;
  readonly to: Party;
  /** Null: a connection that is not HTTP, or that was closed before it could become anything. */
  readonly method: string | null;
  /** As sent, without its query. */
  readonly path: string | null;
  readonly before: Outcome;
  readonly after: Outcome;
}

export interface Outcome {
  /** `refuse`: the connection is closed before any policy is asked. */
  readonly verdict: "allow" | "deny" | "refuse";
  /** Null: it does not come to a decision. `tried` has at most the rule that came nearest. */
  readonly decision: DecisionRecord | null;
  /** Why there is none: `plaintext under STRICT`. */
  readonly reason: string | null;
  /** The fields behind that. */
  readonly because: readonly Provenance[];
}
