import type { Provenance } from "./resource.ts";

/** What JSON holds. Objects come from our own parser and have no prototype. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** One `jwtRules` entry as a sidecar obeys it (spec RA-3, RA-9). Defaults are filled in. */
export interface JwtProvider {
  /** `origins-0`: the place among all rules that apply, sorted by issuer. */
  readonly name: string;
  /** Empty: any issuer. */
  readonly issuer: string;
  /** Without scheme and trailing slash; empty: any audience. */
  readonly audiences: readonly string[];
  readonly keys: JwtKeys;
  /** Names in lower case; an empty prefix: the whole value is the token. */
  readonly headers: readonly { readonly name: string; readonly prefix: string }[];
  readonly params: readonly string[];
  readonly cookies: readonly string[];
  /** Whether the token goes on to the application. */
  readonly forward: boolean;
  /** Header (lower case) that takes the payload as it stands in the token; undefined: none. */
  readonly payloadHeader: string | undefined;
  /** Headers in lower case; a claim in a claim is written with dots. */
  readonly claimHeaders: readonly { readonly header: string; readonly claim: string }[];
  /** Claims that become lists for policies: split at spaces. */
  readonly spaceDelimited: readonly string[];
  /** The rule. */
  readonly provenance: Provenance;
}

/**
 * Keys of a rule. `unavailable`: nobody could be asked for them yet, so every token fails: as with the key that istiod makes up then
 * (spec RA-26), or as where the proxy fetches keys itself (spec RA-24).
 */
export type JwtKeys =
  | { readonly kind: "set"; readonly text: string }
  | { readonly kind: "unavailable"; readonly url: string; readonly by: "istiod" | "proxy" };

/** Where a token was found. */
export interface TokenLocation {
  readonly kind: "header" | "param" | "cookie";
  readonly name: string;
}

/** What verification does to a request on its way on. */
export interface RequestChanges {
  /** Without the parameters that carried tokens. */
  readonly path: string;
  /** Header names, lower case. */
  readonly removed: readonly string[];
  readonly added: readonly (readonly [name: string, value: string])[];
}

/** What became of a request that carries a token. */
export interface TokenOutcome {
  /** Envoy's words; undefined: accepted. */
  readonly fault: string | undefined;
  /** The rule that accepted or refused; undefined: no rule takes such an issuer. */
  readonly provider: JwtProvider | undefined;
  readonly location: TokenLocation;
  /** What the token says of itself: to be believed only without a fault. Undefined: it cannot be read. */
  readonly says: TokenClaims | undefined;
  /** Payload of the last token that was accepted, as policies see it. */
  readonly claims: JsonObject | undefined;
  readonly changes: RequestChanges;
  /** Bytes of the token, for whoever keeps this. */
  readonly size: number;
}

export interface TokenClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  /** Seconds since the epoch; 0: never. */
  readonly expires: number;
}
