import { assertNever } from "../core/assert-never.ts";
import type { Matcher } from "../model/policy.ts";
import { bindTemplate } from "./template.ts";

export type StringTest = (value: string) => boolean;

const scheme = "spiffe://";

/** A matcher over one string as a closure. Matchers over numbers, addresses and tokens are bound where their attribute is (clause.ts). */
export function bindMatcher(matcher: Matcher): StringTest {
  switch (matcher.kind) {
    case "exact": {
      const { value } = matcher;
      return (actual) => actual === value;
    }
    case "prefix": {
      const { value } = matcher;
      return (actual) => actual.startsWith(value);
    }
    case "suffix": {
      const { value } = matcher;
      return (actual) => actual.endsWith(value);
    }
    case "present":
      return matcher.nonEmpty ? (actual) => actual !== "" : () => true;
    case "affix": {
      const { prefix, suffix } = matcher;
      const least = prefix.length + suffix.length;
      return (actual) => actual.length >= least && actual.startsWith(prefix) && actual.endsWith(suffix);
    }
    case "sequence": {
      const { parts } = matcher;
      return (actual) => hasSequence(actual, parts);
    }
    case "service-account":
      return bindServiceAccount(matcher.namespace, matcher.name);
    case "trust-domain":
      return bindTrustDomain(matcher.before, matcher.after);
    case "template":
      return bindTemplate(matcher.value) ?? (() => false);
    case "cidr":
    case "port":
    case "request-principal":
    case "listed":
      return () => false;
    default:
      return assertNever(matcher);
  }
}

/** Taking the leftmost place for each part is enough: a later one would only leave less room for the rest. */
function hasSequence(actual: string, parts: readonly string[]): boolean {
  let at = 0;
  for (const part of parts) {
    const found = actual.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return true;
}

/** `spiffe://.+/ns/<ns>/(.+/|)sa/<sa>(/.+)?`, full match (spec AP-23). */
function bindServiceAccount(namespace: string, name: string): StringTest {
  const first = `/ns/${namespace}/`;
  const second = `sa/${name}`;
  return (actual) => {
    if (!actual.startsWith(scheme)) return false;
    for (let at = actual.indexOf(first, scheme.length + 1); at >= 0; at = actual.indexOf(first, at + 1)) {
      const from = at + first.length;
      for (let found = actual.indexOf(second, from); found >= 0; found = actual.indexOf(second, found + 1)) {
        if (found !== from && (found < from + 2 || actual.charCodeAt(found - 1) !== 0x2f)) continue;
        const end = found + second.length;
        if (end === actual.length || (actual.charCodeAt(end) === 0x2f && end + 1 < actual.length)) return true;
      }
    }
    return false;
  };
}

/** `spiffe://<before>[^/]*<after>/.*` (spec AP-24). */
function bindTrustDomain(before: string, after: string): StringTest {
  const prefix = scheme + before;
  const suffix = `${after}/`;
  return (actual) => {
    if (!actual.startsWith(prefix)) return false;
    for (let at = actual.indexOf(suffix, prefix.length); at >= 0; at = actual.indexOf(suffix, at + 1)) {
      if (!actual.slice(prefix.length, at).includes("/")) return true;
    }
    return false;
  };
}
