import type { Provenance } from "./resource.ts";

/** One place where a RequestAuthentication looks for a token (spec RA-9). */
export interface TokenLocation {
  readonly kind: "header" | "param" | "cookie";
  /** Headers in lower case. */
  readonly name: string;
  /** What stands before the token in a header's value; empty: the whole value is the token. */
  readonly prefix: string;
  /** Index into `spec.jwtRules`. */
  readonly rule: number;
  /** The field that names the location, or the rule that names none. */
  readonly provenance: Provenance;
}
