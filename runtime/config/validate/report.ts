/** Takes what a validator finds. `field` is the path inside the document, such as `spec.rules[0]`; `message` is in Istio's words. */
export interface Report {
  /** Istio's webhook refuses the object. */
  readonly refuse: (field: string, message: string, hint?: string) => void;
  /** It accepts the object with a warning. */
  readonly warn: (field: string, message: string, hint?: string) => void;
  /** A warning that `istioctl analyze` knows under a code of its own. */
  readonly notice: (code: "IST0130" | "IST0131", field: string, message: string) => void;
}

/** Some callers in Istio keep only the errors of what they validate (errata E16, E24). */
export function errorsOnly(report: Report): Report {
  return { refuse: report.refuse, warn: () => undefined, notice: () => undefined };
}

/** Refuses when there is a fault. */
export function refuseFault(report: Report, field: string, fault: string | undefined, hint?: string): void {
  if (fault !== undefined) report.refuse(field, fault, hint);
}
