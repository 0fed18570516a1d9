import { assertNever } from "../core/assert-never.ts";
import type { StringMatcher } from "../model/snapshot.ts";
import { bindFullMatch } from "./regex.ts";

/** Turns a matcher into a test of one value. `present` accepts every value: the caller asks only when there is one. */
export function bindStringMatcher(matcher: StringMatcher): (text: string) => boolean {
  switch (matcher.kind) {
    case "exact": {
      if (matcher.ignoreCase === true) {
        const wanted = matcher.value.toLowerCase();
        return (text) => text.length === wanted.length && text.toLowerCase() === wanted;
      }
      const wanted = matcher.value;
      return (text) => text === wanted;
    }
    case "prefix": {
      if (matcher.ignoreCase === true) {
        const wanted = matcher.value.toLowerCase();
        return (text) => text.slice(0, wanted.length).toLowerCase() === wanted;
      }
      const wanted = matcher.value;
      return (text) => text.startsWith(wanted);
    }
    case "regex":
      return bindFullMatch(matcher.source);
    case "present":
      return () => true;
    default:
      return assertNever(matcher);
  }
}
