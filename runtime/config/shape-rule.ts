/** One `x-kubernetes-validations` rule of a CRD. */
export interface ShapeRule {
  /** As the CRD words it. */
  readonly message: string;
  /** False as well when evaluating the CEL expression itself fails, such as a text that should be a number. */
  readonly holds: (value: unknown) => boolean;
  /** What to write instead. */
  readonly hint?: string;
}
