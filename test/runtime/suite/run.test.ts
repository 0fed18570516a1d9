import { describe, expect, it } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { acceptFiles } from "../../../runtime/config/accept.ts";
import { parseDocuments } from "../../../runtime/config/documents.ts";
import type { Surroundings } from "../../../runtime/suite/offline.ts";
import { checkNames } from "../../../runtime/suite/check-names.ts";
import { askCases } from "../../../runtime/suite/run.ts";
import { parseTestFile, type TestFile } from "../../../runtime/suite/test-file.ts";
import { smallMesh } from "../../support/paper-mesh.ts";
import { keySet, signedToken, signingKey } from "../../support/tokens.ts";

const key = signingKey("RS256");
const surroundings: Surroundings = {
  clock: systemClock,
  keySets: new Map(),
  added: new Map([
    [
      "open.yaml",
      acceptFiles(undefined, [
        parseDocuments({
          path: "open.yaml",
          text: `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: backend-allow}
spec: {rules: [{}]}
`,
        }),
      ]).resources,
    ],
  ]),
  tokens: new Map([["bad.jwt", "not.a.token"]]),
  signer: { keySet: () => keySet(key), sign: (claims) => signedToken(key, claims) },
};

const yaml = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: backend}
spec: {selector: {matchLabels: {app: backend}}, mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: jwt}
spec: {selector: {matchLabels: {app: backend}}, jwtRules: [{issuer: "https://a", jwksUri: "https://a/keys"}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: backend-allow}
spec:
  selector: {matchLabels: {app: backend}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/default/sa/frontend]}}]
    to: [{operation: {methods: [GET]}}]
  - to: [{operation: {paths: [/admin]}}]
    when: [{key: "request.auth.claims[role]", values: [admin]}]
`;

function file(text: string): TestFile {
  const { value, problems } = parseTestFile({
    path: "a.mesh-test.yaml",
    text: `defaults: {to: backend.default}\ncases:\n${text}`,
  });
  expect(problems).toEqual([]);
  return value ?? { path: "", cases: [], locate: () => ({}) };
}

function ask(text: string): readonly (readonly string[])[] {
  const { asked, problems } = askCases([file(text)], smallMesh(yaml), surroundings);
  expect(problems).toEqual([]);
  return asked.map(({ failures }) => failures);
}

describe("cases asked on paper", () => {
  it("pass when everything is as expected", () => {
    expect(
      ask(`
- {from: frontend, expect: allow, by: backend-allow rule 0}
- {from: frontend, method: POST, expect: deny, by: none, status: 403}
- {from: intruder.other, path: /admin, expect: deny}
- {from: intruder.other, path: /admin, claims: {role: admin}, method: PUT, expect: allow, by: "backend-allow#1"}
- {from: frontend, jwt: bad.jwt, expect: deny, status: 401}
- {from: frontend, claims: {iss: "https://b"}, expect: deny, status: 401}
- {from: [outsider, outside], expect: tls-fail, by: PeerAuthentication default/backend}
- {from: frontend, tls: [plaintext, no-certificate, foreign-certificate], expect: tls-fail}
`),
    ).toEqual(Array.from({ length: 11 }, () => []));
  });

  it("say what contradicts each expectation", () => {
    expect(
      ask(`
- {from: frontend, expect: deny}
- {from: frontend, expect: allow, by: backend-allow rule 1}
- {from: intruder.other, expect: deny, by: AuthorizationPolicy default/backend-allow, status: 401}
- {from: outsider, expect: deny}
`),
    ).toEqual([
      ["expected deny, actual allow: 200"],
      ["expected backend-allow rule 1 to decide, actual AuthorizationPolicy default/backend-allow rule 0"],
      [
        "expected AuthorizationPolicy default/backend-allow to decide, actual no policy",
        "expected status 401, actual 403",
      ],
      [expect.stringContaining("expected deny, actual tls-fail: the connection is closed")],
    ]);
  });

  it("may suppose other policies", () => {
    expect(ask("- {from: intruder.other, expect: allow, given: {policies: open.yaml}}")).toEqual([[]]);
  });

  it("name the file's mistake when nobody of that name is there", () => {
    const { asked, problems } = askCases(
      [file("- {from: fronted, expect: allow}\n- {from: frontend, port: 1, expect: allow}")],
      smallMesh(yaml),
      surroundings,
    );
    expect(asked).toEqual([]);
    expect(problems).toMatchObject([
      { code: "MD1022", message: "there is no service or workload fronted", at: { line: 3, column: 3 } },
      { code: "MD1022", message: "there is no service or workload backend.default with port 1" },
    ]);
  });
});

describe("names in test files", () => {
  it("are those of policies and providers that are there", () => {
    const found = checkNames(
      file(`
- {from: frontend, expect: allow, by: backend-alow}
- {from: frontend, expect: allow, by: PeerAuthentication default/backend-allow}
- {from: frontend, expect: allow, by: backend-allow rule 7, given: {authorizers: {opa: deny}}}
- {from: frontend, expect: allow, by: none}
`),
      smallMesh(yaml),
      surroundings.added,
    );
    expect(found).toMatchObject([
      { message: "there is no policy backend-alow", hint: "did you mean backend-allow?", at: { line: 4 } },
      { message: "there is no policy PeerAuthentication default/backend-allow" },
      { message: "meshConfig has no extension provider opa", hint: "there are none" },
    ]);
  });
});
