import type { AnalysisCode } from "./levels.ts";
import type { AnalyzedObject } from "./object.ts";

/** One finding of an analyzer. */
export interface Message {
  readonly code: AnalysisCode;
  readonly object: AnalyzedObject;
  /** In the words of `istioctl analyze`. */
  readonly text: string;
  /** The field that it is about, when it is about one. */
  readonly field?: string;
}

export function message(code: AnalysisCode, object: AnalyzedObject, text: string, field?: string): Message {
  return { code, object, text, ...(field === undefined ? {} : { field }) };
}

/** IST0101. `what`: the kind of thing that was referred to. */
export function notFound(object: AnalyzedObject, what: string, name: string, field?: string): Message {
  return message("IST0101", object, `Referenced ${what} not found: ${JSON.stringify(name)}`, field);
}
