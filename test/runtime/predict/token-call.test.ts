import { describe, expect, it } from "vitest";
import { carryToken, withOneKeySet } from "../../../runtime/predict/token-call.ts";
import type { Mesh } from "../../../runtime/model/mesh.ts";
import { bindJwtRules } from "../../../runtime/compile/request-authentication.ts";
import { paperMesh, paperWorkload } from "../../support/paper-mesh.ts";
import { signedToken, signingKey } from "../../support/tokens.ts";

const backend = paperWorkload("backend", "10.244.0.3");

function meshWith(...rules: readonly object[]): Mesh {
  const document = {
    apiVersion: "security.istio.io/v1",
    kind: "RequestAuthentication",
    metadata: { name: "jwt", namespace: "default" },
    spec: { jwtRules: rules },
  };
  return paperMesh({ workloads: [backend], yaml: JSON.stringify(document) });
}

const call = { from: "a", to: "b", method: "GET", path: "/p?x=1", port: undefined, headers: [] };
const token = signedToken(signingKey("EdDSA"), { iss: "two" });

describe("carryToken", () => {
  it.each<[string, readonly object[], object]>([
    ["no rule", [], { headers: [["authorization", `Bearer ${token}`]] }],
    ["usual places", [{ issuer: "two" }], { headers: [["authorization", `Bearer ${token}`]] }],
    [
      "the rule of its issuer",
      [
        { issuer: "one", fromCookies: ["c"] },
        { issuer: "two", fromHeaders: [{ name: "X-Tok", prefix: "T " }] },
      ],
      { headers: [["x-tok", `T ${token}`]] },
    ],
    ["any issuer", [{ jwksUri: "http://keys", fromParams: ["to ken"] }], { path: `/p?x=1&to%20ken=${token}` }],
    ["cookie", [{ issuer: "two", fromCookies: ["c"] }], { headers: [["cookie", `c=${token}`]] }],
  ])("%s", (_name, rules, expected) => {
    expect(carryToken(meshWith(...rules), call, token)).toMatchObject(expected);
  });

  it("also what is no token", () => {
    expect(carryToken(meshWith({ issuer: "two" }), call, "x").headers).toEqual([["authorization", "Bearer x"]]);
  });
});

it("withOneKeySet gives every rule the same keys", () => {
  const mesh = withOneKeySet(
    meshWith({ issuer: "one", jwksUri: "http://keys" }, { issuer: "two", jwks: '{"keys":[]}' }),
    "K",
  );
  expect(bindJwtRules(mesh)(backend).map(({ keys }) => keys)).toEqual([
    { kind: "set", text: "K" },
    { kind: "set", text: "K" },
  ]);
});
