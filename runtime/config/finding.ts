import type { Code } from "../core/codes.ts";
import type { Severity } from "../core/problem.ts";

/**
 * Who refuses: the decoder of a Kubernetes object, the rules of ObjectMeta, strict field validation, the CRD's OpenAPI schema, its
 * list types, its CEL rules, the table of kinds, or Istio's own validators.
 */
export type FindingStage = "decode" | "metadata" | "unknownField" | "schema" | "list" | "cel" | "kind" | "istio";

/** One finding inside a document; position and resource are added by who knows them. */
export interface Finding {
  readonly code: Code;
  readonly severity?: Severity;
  readonly stage?: FindingStage;
  readonly field: string;
  /** Where the caret goes, when it is not `field`. */
  readonly at?: string;
  readonly message: string;
  readonly hint?: string;
  /** Underline the field's name instead of its value. */
  readonly part?: "key" | "value";
  /** The API server does not evaluate CEL rules of a document with such a fault. */
  readonly blocksRules?: true;
}
