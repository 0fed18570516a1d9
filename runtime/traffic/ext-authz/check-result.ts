import type { FilterNotes } from "../../model/filter-notes.ts";
import type { HeaderChange } from "./seen-request.ts";

/** What a provider says of a request, whatever it was asked over. */
export type CheckResult =
  | {
      readonly kind: "allowed";
      readonly request: HeaderChange;
      readonly query: QueryChange;
      readonly response: ResponseChange;
      /** For policies further on; undefined: nothing. */
      readonly notes: FilterNotes | undefined;
    }
  | {
      readonly kind: "denied";
      readonly status: number;
      readonly headers: readonly (readonly [name: string, value: string])[];
      readonly body: string;
    }
  /** No answer, or none that can be understood. `reply`: what a gRPC provider wants said in this case. */
  | {
      readonly kind: "error";
      readonly reason: string;
      readonly reply?: {
        readonly status: number | undefined;
        readonly headers: readonly (readonly [name: string, value: string])[];
        readonly body: string;
      };
    };

export interface QueryChange {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

/** Headers that the caller gets with the answer, when the request is allowed. */
export interface ResponseChange {
  readonly add: readonly (readonly [name: string, value: string])[];
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly addIfAbsent: readonly (readonly [name: string, value: string])[];
  readonly overwriteIfExists: readonly (readonly [name: string, value: string])[];
}

export const noResponseChange: ResponseChange = { add: [], set: [], addIfAbsent: [], overwriteIfExists: [] };
export const noQueryChange: QueryChange = { set: [], remove: [] };

export function checkError(reason: string): CheckResult {
  return { kind: "error", reason };
}

/** Names that a change touches, for events. */
export function responseNames({ add, set, addIfAbsent, overwriteIfExists }: ResponseChange): readonly string[] {
  return [...new Set([...add, ...set, ...addIfAbsent, ...overwriteIfExists].map(([name]) => name))];
}
