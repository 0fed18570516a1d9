import { assertNever } from "../core/assert-never.ts";
import type { PeerFacts, RequestFacts } from "../model/decision.ts";
import type { JsonObject, JsonValue } from "../model/jwt.ts";
import type { Clause, Matcher } from "../model/policy.ts";
import { inRange, parseAddress, parseRange, type AddressRange } from "./address.ts";
import { isJsonList, isJsonObject } from "./jwt/json.ts";
import { bindMatcher, type StringTest } from "./matcher.ts";

export type FactsTest = (facts: RequestFacts) => boolean;

/** One clause as a closure: any value may match; negated, none may. */
export function bindClause(clause: Clause): FactsTest {
  const any = bindValues(clause);
  return clause.negated ? (facts) => !any(facts) : any;
}

function bindValues(clause: Clause): FactsTest {
  const { attribute } = clause;
  switch (attribute.kind) {
    case "peer": {
      const test = anyOf(clause.matchers);
      return (facts) => facts.peer !== undefined && peerNames(facts.peer).some(test);
    }
    case "source-ip": {
      const test = anyRange(clause.matchers);
      return (facts) => test(facts.sourceIp);
    }
    case "remote-ip": {
      const test = anyRange(clause.matchers);
      return (facts) => test(remoteAddress(facts));
    }
    case "destination-ip": {
      const test = anyRange(clause.matchers);
      return (facts) => test(facts.destinationIp);
    }
    case "destination-port": {
      const ports = new Set(clause.matchers.flatMap((matcher) => (matcher.kind === "port" ? [matcher.value] : [])));
      return (facts) => ports.has(facts.destinationPort);
    }
    case "sni": {
      const test = anyOf(clause.matchers);
      return (facts) => test(facts.sni ?? "");
    }
    case "host": {
      // The compiled values are in lower case (spec AP-30).
      const test = anyOf(clause.matchers);
      return (facts) => test(facts.authority().toLowerCase());
    }
    case "method": {
      const test = anyOf(clause.matchers);
      return (facts) => test(facts.method());
    }
    case "path": {
      const test = anyOf(clause.matchers);
      return (facts) => test(pathOf(facts.path()));
    }
    case "header": {
      const test = anyOf(clause.matchers);
      const { name } = attribute;
      return (facts) => headerLines(facts, name).some(test);
    }
    case "claim": {
      const test = anyOf(clause.matchers);
      const { path } = attribute;
      return (facts) => facts.claims !== undefined && claimTexts(facts.claims, path).some(test);
    }
    case "request-principal": {
      const tests = clause.matchers.flatMap((matcher) =>
        matcher.kind === "request-principal" ? [bindPrincipal(matcher)] : [],
      );
      return ({ claims }) => {
        const { iss, sub } = claims ?? {};
        // A token without one of them never matches (spec AP-28).
        return typeof iss === "string" && typeof sub === "string" && tests.some((test) => test(iss, sub));
      };
    }
    case "metadata": {
      const text = anyOf(clause.matchers.filter((matcher) => matcher.kind !== "listed"));
      const item = anyOf(clause.matchers.flatMap((matcher) => (matcher.kind === "listed" ? [matcher.of] : [])));
      const { filter, key } = attribute;
      return ({ notes }) => {
        const value = notes?.get(filter)?.get(key) ?? null;
        if (value === null) return false;
        return typeof value === "string" ? text(value) : value.some(item);
      };
    }
    default:
      return assertNever(attribute);
  }
}

function bindPrincipal(
  matcher: Extract<Matcher, { kind: "request-principal" }>,
): (issuer: string, subject: string) => boolean {
  const issuer = bindMatcher(matcher.issuer);
  const subject = bindMatcher(matcher.subject);
  return (iss, sub) => issuer(iss) && subject(sub);
}

/** The words of a claim, or of each text in its list; numbers and booleans are none (spec AP-46). */
export function claimTexts(claims: JsonObject, path: readonly string[]): readonly string[] {
  let value: JsonValue | undefined = claims;
  for (const name of path) value = isJsonObject(value) ? value[name] : undefined;
  if (typeof value === "string") return [value];
  return isJsonList(value) ? value.filter((each) => typeof each === "string") : [];
}

/** What identity fields are tested against (spec AP-20): URI SANs, else DNS SANs, else the subject. */
export function peerNames(peer: PeerFacts): readonly string[] {
  if (peer.uriSans.length > 0) return peer.uriSans;
  return peer.dnsSans.length > 0 ? peer.dnsSans : [peer.subject];
}

/** The path without query and fragment (spec AP-33). */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}

/** Lines of a header; pseudo headers and `host` stand for parts of the request line (errata security 10). */
export function headerLines(facts: RequestFacts, name: string): readonly string[] {
  switch (name) {
    case ":method":
      return [facts.method()];
    case ":path":
      return [facts.path()];
    case ":authority":
    case "host":
      return [facts.authority()];
    default:
      return facts.header(name);
  }
}

/** The last X-Forwarded-For element when it is a bare address, else the direct peer (spec AP-26, errata security 7). */
export function remoteAddress(facts: RequestFacts): string {
  if (facts.layer === "tcp") return facts.sourceIp;
  const last = facts.header("x-forwarded-for").at(-1);
  if (last === undefined) return facts.sourceIp;
  const element = last.slice(last.lastIndexOf(",") + 1).trim();
  return parseAddress(element) === undefined ? facts.sourceIp : element;
}

function anyOf(matchers: readonly Matcher[]): StringTest {
  const tests = matchers.map(bindMatcher);
  const [first] = tests;
  if (first !== undefined && tests.length === 1) return first;
  return (value) => tests.some((test) => test(value));
}

function anyRange(matchers: readonly Matcher[]): StringTest {
  const ranges = matchers.flatMap((matcher): readonly AddressRange[] => {
    const range = matcher.kind === "cidr" ? parseRange(matcher.value) : undefined;
    return range === undefined ? [] : [range];
  });
  return (value) => {
    const words = parseAddress(value);
    return words !== undefined && ranges.some((range) => inRange(range, words));
  };
}
