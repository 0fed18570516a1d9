import type { AllNotes, CustomCursor } from "./filter-notes.ts";
import type { JsonObject, TokenOutcome } from "./jwt.ts";
import type { Provenance } from "./resource.ts";

/** What a policy may look at. Functions are called only when a clause asks, so that an unused header is never turned into a string. */
export interface RequestFacts {
  readonly layer: "http" | "tcp";
  /** Verified TLS peer; undefined on plaintext (spec AP-27). */
  readonly peer: PeerFacts | undefined;
  /** Direct TCP peer, model address. */
  readonly sourceIp: string;
  readonly destinationIp: string;
  /** Workload port. */
  readonly destinationPort: number;
  /** Lower-cased SNI of the ClientHello (errata security 8). */
  readonly sni: string | undefined;
  readonly method: () => string;
  /** Host or :authority as sent, port included. */
  readonly authority: () => string;
  /** Normalised path with its query. */
  readonly path: () => string;
  /** Every line of a header by itself; `name` is lower case. */
  readonly header: (name: string) => readonly string[];
  /** Payload of a verified token; absent: none was verified. */
  readonly claims?: JsonObject;
  /** Dynamic metadata that filters wrote before this point; absent: none. */
  readonly notes?: AllNotes;
  /** How far providers have been asked; absent: nobody was. */
  readonly asked?: CustomCursor;
}

export interface PeerFacts {
  readonly uriSans: readonly string[];
  readonly dnsSans: readonly string[];
  readonly subject: string;
}

/** The outcome alone; `explain` finds its reasons again from the same facts when somebody looks. */
export interface Decision {
  readonly verdict: "allow" | "deny";
  readonly reason:
    | "matched"
    | "no-allow-matched"
    | "no-policy"
    | "jwt"
    /** A provider of a CUSTOM policy said no; `by` is the rule that made the sidecar ask. */
    | "ext-authz-denied"
    /** It could not be asked, or gave no answer that can be understood. */
    | "ext-authz-error";
  /** The deciding rule: indices into `PolicySet.policies` and `CompiledPolicy.rules`. */
  readonly by: { readonly policy: number; readonly rule: number } | undefined;
  /** What became of the request's token; absent: it has none, or nobody asks for one. With the reason `jwt` it was refused. */
  readonly token?: TokenOutcome;
}

/** A decision in words: what events, `why`, `can` and the TUI show. Field names are a published contract. */
export interface DecisionRecord {
  readonly verdict: "allow" | "deny";
  readonly reason: Decision["reason"];
  readonly by: RuleRecord | null;
  /** Envoy's response code details, `rbac_access_denied_matched_policy[…]` or `jwt_authn_access_denied{…}`; null when allowed. */
  readonly details: string | null;
  /** Every rule that was tried, nearest miss first; a rule that matched comes before all misses. */
  readonly tried: readonly TriedRule[];
  /** How many more rules were tried than `tried` tells; absent: none. */
  readonly omitted?: number;
  /** What policies that never decide say of it: AUDIT and dry-run, as far as the request came; absent: nothing. */
  readonly shadow?: readonly ShadowRecord[];
  /** Of a refusal: what has to change for it to be none, all of it; absent: no change of a policy's clauses would do. */
  readonly blame?: readonly Blame[];
  /** Policies that have no rule, and hence match nothing; absent: all have some. */
  readonly empty?: readonly PolicyRecord[];
  /** The server's port, where it is known. */
  readonly port?: PortRecord;
  /** Set when something made identity fields empty: "the connection was plaintext". */
  readonly note: string | null;
  /** The token that counted; absent: there was none where a RequestAuthentication looks. */
  readonly token?: TokenRecord;
}

/** A token as events tell of it. What an unverified one says of itself is not to be believed. */
export interface TokenRecord {
  readonly verified: boolean;
  /** Why it was refused, in Envoy's words; null: it was accepted. */
  readonly fault: string | null;
  /** `header authorization`, `param access_token`, `cookie session`. */
  readonly location: string;
  /** Null: the token cannot be read. */
  readonly issuer: string | null;
  readonly subject: string | null;
  readonly audiences: readonly string[];
  /** ISO 8601; null: never, or not known. */
  readonly expires: string | null;
  /** The rule that accepted or refused it; null: no rule takes this issuer. */
  readonly rule: RuleRecord | null;
}

/** One rule that has to match, or to match no more. */
export interface Blame extends PolicyRecord {
  /** Null: the policy has none, or none that could be mended. */
  readonly rule: number | null;
  readonly must: "match" | "not-match";
  /** All of them have to change; empty: the rule asks for nothing, so there is only the rule itself. */
  readonly clauses: readonly BlamedClause[];
}

export interface BlamedClause extends MissedClause {
  /** Field path inside the document: `spec.rules[0].to[0].operation.methods`. */
  readonly path: string;
  /** This layer, or a bad value, makes the field useless, and the rule with it; `hint` says why. Absent: it can be used. */
  readonly unusable?: true;
}

export interface PolicyRecord {
  /** `AuthorizationPolicy default/backend-allow` */
  readonly resource: string;
  readonly action: string;
  readonly dryRun: boolean;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** How the server's sidecar took the connection. */
export interface PortRecord {
  readonly port: number;
  readonly layer: "http" | "tcp";
  readonly mode: "DISABLE" | "PERMISSIVE" | "STRICT";
  /** The fields that made the mode what it is; empty: nothing says anything, and PERMISSIVE is Istio's default. */
  readonly because: readonly Provenance[];
}

export interface ShadowRecord {
  readonly kind: "audit" | "dry-run-deny" | "dry-run-allow";
  readonly result: "allowed" | "denied" | "audited" | "not-audited";
  /** The rule behind the result; null: none matched. */
  readonly by: RuleRecord | null;
}

export interface RuleRecord {
  /** Why the provider of a CUSTOM policy cannot be asked; absent: it can. */
  readonly fault?: string;
  /** `AuthorizationPolicy default/backend-allow` */
  readonly resource: string;
  readonly action: string;
  readonly rule: number;
  /** `ns[default]-policy[backend-allow]-rule[0]` */
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface TriedRule extends RuleRecord {
  readonly dryRun: boolean;
  /** It was decided before this rule was asked: what it would have said. Absent: it was asked. */
  readonly notAsked?: true;
  readonly result: "matched" | "missed" | "skipped";
  /** How many of the rule's parts (from, to, each when) held, of how many: the measure of "nearest". */
  readonly held: number;
  readonly parts: number;
  /** Clauses that have to change for the rule to match; absent: it matched, or has parts that this layer lacks. */
  readonly distance?: number;
  /** Fields that this layer or a bad value made useless: a rule of an ALLOW is skipped for them, others go without. */
  readonly unusable?: readonly UnusableField[];
  /** The first clause that failed, in the group that came nearest. */
  readonly missed: MissedClause | null;
  /** Why the rule was skipped: "needs HTTP; this is a TCP port". */
  readonly skipped: string | null;
  /** Each clause of the groups that came nearest; absent where only the first failure is told. */
  readonly clauses?: readonly TriedClause[];
}

export interface TriedClause extends MissedClause {
  readonly held: boolean;
}

export interface UnusableField {
  readonly field: string;
  readonly wanted: readonly string[];
  /** "needs HTTP, and this is not an HTTP connection" */
  readonly why: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A clause with what the request had for it. */
export interface MissedClause {
  /** `to.operation.methods` */
  readonly field: string;
  readonly negated: boolean;
  readonly wanted: readonly string[];
  /** What the request had; null when it had nothing. */
  readonly actual: string | null;
  /** How the two differ, where that is easily overlooked: "only the port differs". */
  readonly hint?: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}
