import type { ExtAuthzProvider } from "./ext-authz.ts";
import type { AuthorizationAction } from "./istio-security.ts";
import type { Provenance } from "./resource.ts";

/** AuthorizationPolicies as one proxy needs them: plain data, compiled for one layer, bound to closures once in the data plane. */
export interface PolicySet {
  readonly layer: "http" | "tcp";
  /** All policies that apply to the workload, in the order in which matched rules are named: DENY before ALLOW, ids byte-wise (spec AP-17). */
  readonly policies: readonly CompiledPolicy[];
  /** Whom CUSTOM policies ask before anything else is decided, in this order (spec AP-5, CU-3); absent: nobody. */
  readonly custom?: readonly CustomStage[];
}

/** The CUSTOM policies of one provider. */
export interface CustomStage {
  readonly name: string;
  /** Undefined: nobody can be asked, so what matches is refused (spec CU-4). */
  readonly provider: ExtAuthzProvider | undefined;
  /** Indices into `PolicySet.policies`. */
  readonly policies: readonly number[];
}

export interface CompiledPolicy {
  /** `ns[default]-policy[backend-allow]` (spec AP-16). */
  readonly id: string;
  readonly action: AuthorizationAction;
  readonly dryRun: boolean;
  /** Of a CUSTOM policy: why its provider cannot be asked. Absent: it can. */
  readonly fault?: string;
  readonly from: Provenance;
  readonly rules: readonly CompiledRule[];
}

/**
 * (any group of `from`, or no group) AND (any group of `to`, or no group) AND every clause of `when` (spec AP-13).
 * A rule that this layer drops is kept with `dropped` set, so that a decision can say why it did not count (spec AP-57).
 */
export interface CompiledRule {
  /** Index in the document, as Istio counts. */
  readonly index: number;
  readonly provenance: Provenance;
  readonly from: readonly ClauseGroup[];
  readonly to: readonly ClauseGroup[];
  readonly when: readonly Clause[];
  /** Why this layer ignores the rule: it needs HTTP, or has an invalid value. */
  readonly dropped: string | undefined;
  /** Fields that are left out, each with its reason; absent: none. */
  readonly unusable?: readonly Unusable[];
}

export interface Unusable {
  readonly field: string;
  readonly values: readonly string[];
  readonly why: string;
  readonly provenance: Provenance;
}

/** One `source` or `operation`: every clause must hold (spec AP-14). */
export interface ClauseGroup {
  readonly clauses: readonly Clause[];
  readonly provenance: Provenance;
}

/** One field with its values (any may match), or its negation (none may match). */
export interface Clause {
  /** As a user writes it: `from.source.principals`, `to.operation.notPaths`, `when request.headers[x-a]`. */
  readonly field: string;
  readonly attribute: Attribute;
  readonly negated: boolean;
  /** The values as written. */
  readonly values: readonly string[];
  readonly matchers: readonly Matcher[];
  readonly provenance: Provenance;
}

export type Attribute =
  | { readonly kind: "peer" }
  | { readonly kind: "source-ip" }
  | { readonly kind: "remote-ip" }
  | { readonly kind: "destination-ip" }
  | { readonly kind: "destination-port" }
  | { readonly kind: "sni" }
  | { readonly kind: "host" }
  | { readonly kind: "method" }
  | { readonly kind: "path" }
  | { readonly kind: "header"; readonly name: string }
  /** A claim of the verified token, by its path; a list is tested word by word (spec AP-46). */
  | { readonly kind: "claim"; readonly path: readonly string[] }
  /** Issuer and subject of the verified token (spec AP-28). */
  | { readonly kind: "request-principal" }
  /** A key of what a filter noted (spec AP-50). */
  | { readonly kind: "metadata"; readonly filter: string; readonly key: string };

/** Over any text. */
export type TextMatcher =
  | { readonly kind: "exact"; readonly value: string }
  | { readonly kind: "prefix"; readonly value: string }
  | { readonly kind: "suffix"; readonly value: string }
  /** Present; `nonEmpty` asks for at least one character (spec AP-18). */
  | { readonly kind: "present"; readonly nonEmpty: boolean };

export type Matcher =
  | TextMatcher
  /** Both ends at once, without overlap: `spiffe://.*<suffix>` (spec AP-20). */
  | { readonly kind: "affix"; readonly prefix: string; readonly suffix: string }
  /** The parts in this order, anything before, between and after: the namespace patterns (spec AP-22). */
  | { readonly kind: "sequence"; readonly parts: readonly string[] }
  /** spec AP-23 */
  | { readonly kind: "service-account"; readonly namespace: string; readonly name: string }
  /** `spiffe://<before>[^/]*<after>/` (spec AP-24). */
  | { readonly kind: "trust-domain"; readonly before: string; readonly after: string }
  /** Path template with `{*}` and `{**}` (spec AP-53). */
  | { readonly kind: "template"; readonly value: string }
  | { readonly kind: "cidr"; readonly value: string }
  | { readonly kind: "port"; readonly value: number }
  /** spec AP-28 */
  | { readonly kind: "request-principal"; readonly issuer: TextMatcher; readonly subject: TextMatcher }
  /** Of a list some text (spec AP-50). */
  | { readonly kind: "listed"; readonly of: TextMatcher };
