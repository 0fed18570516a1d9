import { expect, it } from "vitest";
import { compile } from "../../../runtime/compile/compile.ts";
import type { PolicySet } from "../../../runtime/model/policy.ts";
import { deriveTargets, trustedIdentity } from "../../../runtime/probe/targets.ts";
import { smallMesh } from "../../support/paper-mesh.ts";

const policy = (name: string, spec: string): string =>
  `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: ${name}}\nspec: ${spec}\n---\n`;

function policiesOf(...specs: readonly string[]): PolicySet {
  const mesh = smallMesh(specs.map((spec, at) => policy(`p${at}`, spec)).join(""));
  const snapshots = compile(mesh, { ready: new Set(mesh.workloads.map(({ id }) => id)) });
  const [snapshot] = snapshots.values();
  if (snapshot === undefined) throw new Error("no sidecar");
  return snapshot.inbound.http;
}

const asked = (...specs: readonly string[]): readonly string[] =>
  deriveTargets(policiesOf(...specs)).map(({ method, path }) => `${method} ${path}`);

it.each([
  ["{action: DENY, rules: [{to: [{operation: {paths: [/admin]}}]}]}", ["GET /admin"]],
  [
    "{action: DENY, rules: [{to: [{operation: {methods: [DELETE, 'P*'], paths: [/a/*, '*/b', /c*]}}]}]}",
    ["DELETE /a/probe", "DELETE /probe/b", "DELETE /c"],
  ],
  ["{action: DENY, rules: [{to: [{operation: {paths: ['/x/{*}/y/{**}']}}]}]}", ["GET /x/probe/y/probe"]],
  ["{action: DENY, rules: [{from: [{source: {notNamespaces: [x]}}]}]}", ["GET /"]],
  ["{rules: [{to: [{operation: {methods: [GET], paths: [/public]}}]}]}", ["GET /public", "POST /public"]],
  ["{action: AUDIT, rules: [{to: [{operation: {paths: [/seen]}}]}]}", []],
])("%s speaks of %j", (spec, expected) => {
  expect(asked(spec)).toEqual(expected);
});

it("denials come first, nothing comes twice, and there is an end", () => {
  const deny = "{action: DENY, rules: [{to: [{operation: {paths: [/a, /b]}}]}]}";
  const allow = `{rules: [{to: [{operation: {paths: [/b, ${Array.from({ length: 30 }, (_, at) => `/${at}`).join(", ")}]}}]}]}`;
  const found = asked(allow, deny);
  expect(found.slice(0, 3)).toEqual(["GET /a", "GET /b", "GET /0"]);
  expect(found).toHaveLength(12);
});

it("an identity that is trusted is one that an ALLOW rule names in full", () => {
  const from = (principal: string): string => `{rules: [{from: [{source: {principals: ['${principal}']}}]}]}`;
  expect(trustedIdentity(policiesOf(from("*"), from("a.example/ns/x/sa/y")))).toBe("a.example/ns/x/sa/y");
  expect(trustedIdentity(policiesOf(from("*/sa/y")))).toBeUndefined();
});
