import { describe, expect, it } from "vitest";
import { caseText } from "../../../runtime/suite/example-case.ts";
import type { TestCase } from "../../../runtime/suite/case.ts";
import { parseTestFile } from "../../../runtime/suite/test-file.ts";

/** A case as text, and what a test file that holds it says. */
function written(test: Pick<TestCase, "call" | "token" | "expected">): Pick<TestCase, "call" | "token" | "expected"> {
  const { value, problems } = parseTestFile({ path: "a.mesh-test.yaml", text: `cases:\n${caseText(test)}\n` });
  expect(problems).toEqual([]);
  const [found] = value?.cases ?? [];
  if (found === undefined) throw new Error("no case");
  return { call: found.call, token: found.token, expected: found.expected };
}

const call = { from: "web", to: "orders.default", method: "GET", path: "/", port: undefined, headers: [] } as const;
const expected = { verdict: "deny", by: undefined, status: undefined } as const;

describe("a case as text", () => {
  it("is short", () => {
    expect(caseText({ call, token: undefined, expected })).toBe(
      "- { from: web, to: orders.default, path: /, expect: deny }",
    );
  });

  it.each([
    { call },
    { call: { ...call, method: "POST", path: "/a b?x=1&y={z}#", port: 8080 } },
    { call: { ...call, method: "no", path: "*" } },
    {
      call: {
        ...call,
        headers: [
          ["x-a", "on"],
          ["x-a", "a, b"],
          ["x-b", ": {"],
          ["x-c", ""],
        ] as const,
      },
    },
    { call: { ...call, tls: "plaintext" as const } },
    { call: { ...call, tcp: "hello\n" } },
    { call, token: { kind: "claims" as const, claims: { iss: "https://a", nested: { list: ["a", 1, true] } } } },
  ])("means the same when it is read again: %j", (test) => {
    const whole = { call: test.call, token: test.token, expected };
    expect(written(whole)).toEqual(whole);
  });
});
