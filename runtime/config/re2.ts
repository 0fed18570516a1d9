import { RE2JS } from "re2js";

/** Why RE2 refuses a pattern, or undefined when it takes it. */
export function regexFault(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "it is not a regular expression";
  }
}
