import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Matcher } from "../../../runtime/model/policy.ts";
import { bindMatcher } from "../../../runtime/policy/matcher.ts";
import {
  hostValue,
  namespaceValue,
  principalValue,
  serviceAccountValue,
  textValue,
  trustDomainValue,
  type ValueCompiler,
} from "../../../runtime/policy/values.ts";

function test(matchers: readonly Matcher[] | undefined, value: string): boolean {
  return (matchers ?? []).some((matcher) => bindMatcher(matcher)(value));
}

const quote = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

describe("values", () => {
  it.each([
    ["exact", textValue, "abc", ["abc"], ["ab", "abcd", "Abc", ""]],
    ["prefix", textValue, "abc*", ["abc", "abcd"], ["ab", "xabc"]],
    ["suffix", textValue, "*abc", ["abc", "xabc"], ["abcx"]],
    ["present", textValue, "*", ["a"], [""]],
    ["both stars: the leading one counts", textValue, "*abc*", ["xabc*"], ["abc", "xabcd"]],
    ["a star inside is literal", textValue, "a*c", ["a*c"], ["abc"]],
    ["hosts", hostValue, "Example.COM", ["example.com"], ["example.com:80"]],
    [
      "principals",
      principalValue,
      "cluster.local/ns/a/sa/b",
      ["spiffe://cluster.local/ns/a/sa/b"],
      ["cluster.local/ns/a/sa/b"],
    ],
    ["principals never have a scheme", principalValue, "spiffe://td/ns/a/sa/b", [], ["spiffe://td/ns/a/sa/b"]],
    ["principal suffix", principalValue, "*/sa/b", ["spiffe://td/ns/a/sa/b"], ["x://td/ns/a/sa/b", "/sa/b"]],
    ["principal star", principalValue, "*", ["x"], [""]],
    ["namespaces", namespaceValue, "a", ["spiffe://td/ns/a/sa/b"], ["spiffe://td/ns/aa/sa/b", "spiffe://td/ns/a"]],
    ["namespace wildcard", namespaceValue, "a*", ["spiffe://td/ns/abc/sa/b"], ["spiffe://td/ns/ba/sa/b"]],
    [
      "service accounts",
      serviceAccountValue("own"),
      "b",
      ["spiffe://td/ns/own/sa/b", "spiffe://td/ns/own/x/sa/b/y"],
      ["spiffe://td/ns/a/sa/b", "spiffe://td/ns/own/sa/bb", "spiffe:///ns/own/sa/b", "spiffe://td/ns/own/sa/b/"],
    ],
    [
      "service account with namespace",
      serviceAccountValue("own"),
      "a/b",
      ["spiffe://td/ns/a/sa/b"],
      ["spiffe://td/ns/own/sa/b"],
    ],
    ["trust domains", trustDomainValue, "td", ["spiffe://td/ns/a/sa/b"], ["spiffe://tdx/ns/a/sa/b", "td/x"]],
    ["trust domain prefix", trustDomainValue, "td*", ["spiffe://tdx/ns/a/sa/b"], ["spiffe://xtd/ns/a/sa/b"]],
    [
      "trust domain suffix",
      trustDomainValue,
      "*td",
      ["spiffe://x-td/ns/a/sa/b"],
      ["spiffe://x/td/b", "spiffe://tdx/b"],
    ],
  ] as const satisfies readonly (readonly [string, ValueCompiler, string, readonly string[], readonly string[]])[])(
    "%s",
    (_name, compile, value, matching, other) => {
      const matchers = compile(value);
      for (const text of matching) expect([text, test(matchers, text)]).toEqual([text, true]);
      for (const text of other) expect([text, test(matchers, text)]).toEqual([text, false]);
    },
  );

  const part = fc.constantFrom("a", "b", "ns", "sa", "/", "td", "*", "", "//", "spiffe://");
  const san = fc.array(part, { maxLength: 12 }).map((parts) => `spiffe://td/ns/${parts.join("")}`);
  const name = fc
    .array(fc.constantFrom("a", "b", "*", "-"), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join(""));

  it("service accounts mean the regular expression of the specification", () => {
    fc.assert(
      fc.property(san, fc.constantFrom("a", "b"), fc.constantFrom("a", "b"), (text, namespace, account) => {
        const wanted = new RegExp(`^spiffe://.+/ns/${namespace}/(.+/|)sa/${account}(/.+)?$`).test(text);
        expect(test(serviceAccountValue(namespace)(account), text)).toBe(wanted);
      }),
    );
  });

  it("namespaces and trust domains mean theirs", () => {
    fc.assert(
      fc.property(san, name, (text, value) => {
        const namespace = new RegExp(`^.*/ns/${value.split("*").map(quote).join(".*")}/.*$`);
        expect(test(namespaceValue(value), text)).toBe(namespace.test(text));
        if (value.slice(1, -1).includes("*") || (value.startsWith("*") && value.endsWith("*"))) return;
        const domain = new RegExp(`^spiffe://${value.split("*").map(quote).join("[^/]*")}/.*$`);
        expect(test(trustDomainValue(value), text)).toBe(domain.test(text));
      }),
    );
  });
});
