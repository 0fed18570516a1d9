import { describe, expect, it } from "vitest";
import { parseTestFile } from "../../../runtime/suite/test-file.ts";

function parse(text: string): ReturnType<typeof parseTestFile> {
  return parseTestFile({ path: "mesh/a.mesh-test.yaml", text });
}

/** `MD1021 3:5 message` of each problem. */
function problemsOf(text: string): readonly string[] {
  return parse(text).problems.map(({ code, at, message, hint }) => {
    return `${code} ${at?.line}:${at?.column} ${message}${hint === undefined ? "" : ` (${hint})`}`;
  });
}

describe("a test file", () => {
  it("is a table of cases: defaults fill in, lists stand for one case each", () => {
    const { value, problems } = parse(`
defaults: {from: web, to: orders, expect: deny, headers: {x-a: 1}}
cases:
  - {method: [GET, POST], path: [/a, /b]}
  - {name: one, expect: allow, by: AuthorizationPolicy default/orders-allow rule 1, status: 200, port: 8080}
  - {from: [web, outside], tls: [mesh, plaintext], expect: tls-fail, headers: {x-b: [1, two]}}
  - {tcp: "PING\\n", headers: {}, by: none}
`);
    expect(problems).toEqual([]);
    const cases = value?.cases ?? [];
    expect(cases.map(({ name }) => name)).toEqual([
      "web -> orders GET /a",
      "web -> orders GET /b",
      "web -> orders POST /a",
      "web -> orders POST /b",
      "one",
      "web -> orders GET /",
      "web -> orders GET / (plaintext)",
      "outside -> orders GET /",
      "outside -> orders GET / (plaintext)",
      'web -> orders tcp "PING\\n"',
    ]);
    expect(cases[0]).toMatchObject({
      at: { file: "mesh/a.mesh-test.yaml", line: 4, column: 5 },
      call: { headers: [["x-a", "1"]] },
      expected: { verdict: "deny", by: undefined, status: undefined },
    });
    expect(cases[4]).toMatchObject({
      call: { port: 8080 },
      expected: {
        verdict: "allow",
        status: 200,
        by: { kind: "AuthorizationPolicy", namespace: "default", name: "orders-allow", rule: 1 },
      },
    });
    expect(cases[5]?.call.headers).toEqual([
      ["x-b", "1"],
      ["x-b", "two"],
    ]);
    expect(cases.at(-1)).toMatchObject({ call: { tcp: "PING\n" }, expected: { by: "none" } });
  });

  it("names its other files from where it stands, and cases add to what the file supposes", () => {
    const { value } = parse(`
given: {policies: ../drafts/a.yaml, authorizers: {opa: allow, other: deny}}
cases:
  - {from: a, to: b, expect: allow, jwt: tokens/t.jwt}
  - {from: a, to: b, expect: allow, claims: {role: admin}, given: {policies: [./b.yaml], authorizers: {opa: unreachable}}}
`);
    expect(value?.cases.map(({ given, token }) => ({ given, token }))).toEqual([
      {
        given: { policies: ["drafts/a.yaml"], authorizers: { opa: "allow", other: "deny" } },
        token: { kind: "file", path: "mesh/tokens/t.jwt" },
      },
      {
        given: { policies: ["drafts/a.yaml", "mesh/b.yaml"], authorizers: { opa: "unreachable", other: "deny" } },
        token: { kind: "claims", claims: { role: "admin" } },
      },
    ]);
  });

  it("refuses what it does not know, with a suggestion and its place", () => {
    expect(
      problemsOf(`defautls: {}
cases:
  - from: a
    to: b
    paths: [/x]
    expect: alow
  - {from: a, to: b, tls: plain, expect: deny}
`),
    ).toEqual([
      "MD1020 1:1 unknown key defautls (defautls: did you mean defaults?)",
      "MD1020 5:5 unknown key cases[0].paths (paths: did you mean path?)",
      "MD1021 6:13 cases[0].expect must be one of allow, deny, tls-fail (did you mean allow?)",
      "MD1021 7:27 cases[1].tls must be one of mesh, plaintext, no-certificate, foreign-certificate",
    ]);
  });

  it("refuses cases that could not be run, or would say nothing", () => {
    const one = (fields: string): readonly string[] => problemsOf(`cases:\n  - {${fields}}\n`);
    expect(one("to: b, expect: allow")[0]).toContain("cases[0] does not say from");
    expect(one("from: a, to: b")[0]).toContain("cases[0] does not say what it expects");
    expect(one("from: a, to: b, expect: allow, path: []")[0]).toContain("cases[0].path is an empty list");
    expect(one("from: a, to: b, expect: allow, port: 0")[0]).toContain("whole number from 1 to 65535");
    expect(one('from: a, to: b, expect: allow, headers: {"x y": 1}')[0]).toContain("x y is no name of a header");
    expect(one('from: a, to: b, expect: allow, headers: {x: "a\\nb"}')[0]).toContain("no line breaks");
    expect(one("from: a, to: b, expect: allow, claims: {}, jwt: x")[0]).toContain("claims and jwt exclude each other");
    expect(one("from: a, to: b, expect: allow, tcp: x, claims: {}")[0]).toContain("neither headers nor a token");
    expect(one("from: a, to: b, expect: allow, by: two words here")[0]).toContain("names no policy");
    expect(one("from: a, to: b, expect: allow, given: {authorizers: {opa: maybe}}")[0]).toContain("must be one of");
    expect(problemsOf("x-note: 1\n")[0]).toContain("there are no cases");
    expect(problemsOf("")[0]).toContain("the test file is empty");
    expect(problemsOf("cases: []\n---\ncases: []\n")[0]).toContain("this is a second one");
    expect(problemsOf("cases: [")[0]).toContain("MD1001");
    expect(problemsOf("cases: 5")[0]).toContain("cases must be a list");
  });

  it("has a bound", () => {
    const list = Array.from({ length: 101 }, (_, index) => `/p${index}`).join(", ");
    const [problem] = problemsOf(
      `cases: [{from: [${list.replaceAll("/", "")}], to: b, path: [${list}], expect: deny}]`,
    );
    expect(problem).toContain("stand for 10201 cases; at most 10000 are run");
  });
});
