import { describe, expect, test } from "vitest";
import type { DecisionRecord } from "../../../runtime/model/decision.ts";
import { redactDecision, redactHeader, redactTarget, tokenPlaces } from "../../../runtime/policy/redact.ts";
import { providerOf } from "../policy/jwt/providers.ts";

describe("redactTarget", () => {
  test.each([
    ["/a?b=c", "/a?b=c"],
    ["/a?access_token=x", "/a?access_token=***"],
    [
      "/a?q=1&token=x&api_key=y&api-key=z&client_secret=w",
      "/a?q=1&token=***&api_key=***&api-key=***&client_secret=***",
    ],
    ["/a?%74oken=x", "/a?%74oken=***"],
    ["/a?TOKEN=x&tokenizer=y", "/a?TOKEN=***&tokenizer=y"],
    ["/a?token", "/a?token"],
    ["/a?%zz=1", "/a?%zz=1"],
    ["http://me:pass@host/a", "http://***@host/a"],
    ["/users/me@example.com", "/users/me@example.com"],
  ])("%s → %s", (target, shown) => {
    expect(redactTarget(target)).toBe(shown);
  });
});

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln-_";

test("a signed token is hidden wherever it stands", () => {
  expect(redactTarget(`/a/${jwt}?x=${jwt}&y=1`)).toBe("/a/***?x=***&y=1");
  expect(redactHeader("x-forwarded-authentication", `Bearer ${jwt}, other`)).toBe("Bearer ***, other");
});

test("whatever stands where a RequestAuthentication looks is hidden", () => {
  const at = tokenPlaces([providerOf({ issuer: "a", headers: [{ name: "x-own", prefix: "" }], params: ["own name"] })]);
  expect(redactTarget("/a?own%20name=x&other=y", at)).toBe("/a?own%20name=***&other=y");
  expect([redactHeader("x-own", "x", at), redactHeader("x-own", "x")]).toEqual(["***", "x"]);
});

test.each([
  "authorization",
  "cookie",
  "set-cookie",
  "proxy-authorization",
  "x-api-key",
  "x-auth-token",
  "x-csrf-token",
])("%s is a secret", (name) => {
  expect(redactHeader(name, "value")).toBe("***");
});

test("a decision shows neither a secret header's value nor the value that a policy wants of it", () => {
  const clause = { negated: false, file: "f", line: 1, column: 1 };
  const rule = {
    resource: "r",
    action: "ALLOW",
    rule: 0,
    id: "i",
    file: "f",
    line: 1,
    column: 1,
    dryRun: false,
    held: 0,
    parts: 1,
    skipped: null,
    result: "missed",
  } as const;
  const record: DecisionRecord = {
    verdict: "deny",
    reason: "no-allow-matched",
    by: null,
    details: null,
    note: null,
    tried: [
      { ...rule, missed: { ...clause, field: "when request.headers[x-api-key]", wanted: ["good"], actual: "bad" } },
      { ...rule, missed: { ...clause, field: "to.operation.paths", wanted: ["/b"], actual: "/a?token=bad" } },
      {
        ...rule,
        missed: null,
        clauses: [{ ...clause, field: "when request.headers[x-api-key]", wanted: ["good"], actual: "bad", held: true }],
      },
    ],
  };
  expect(redactDecision(record).tried[2]?.clauses).toMatchObject([{ actual: "***", held: true }]);
  expect(redactDecision(record).tried.map(({ missed }) => [missed?.wanted, missed?.actual])).toEqual([
    [["***"], "***"],
    [["/b"], "/a?token=***"],
    [undefined, undefined],
  ]);
});
