import { expect, it } from "vitest";
import { migratePrincipal, migrateTrustDomain } from "../../../runtime/policy/trust-domain.ts";

it.each([
  [["cluster.local"], "*/ns/foo/sa/bar", ["*/ns/foo/sa/bar"]],
  [["td2", "td1"], "td1/ns/foo/sa/bar", ["td2/ns/foo/sa/bar", "td1/ns/foo/sa/bar"]],
  [["td1", "cluster.local"], "*sa/zzz", ["*sa/zzz"]],
  [
    ["td2", "foo-td1", "cluster.local"],
    "*-td1/ns/foo/sa/bar",
    ["td2/ns/foo/sa/bar", "*-td1/ns/foo/sa/bar", "cluster.local/ns/foo/sa/bar"],
  ],
  [["td1", "td2"], "some-td/ns/foo/sa/bar", ["some-td/ns/foo/sa/bar"]],
  [["new-td", "td2", "td3"], "/ns/x/sa/y", ["/ns/x/sa/y"]],
  [["new-td", "old-td"], "*-td/ns/x/sa/y", ["*-td/ns/x/sa/y"]],
  [["td1"], "cluster.local/ns/a/sa/b", ["td1/ns/a/sa/b"]],
  [["td1"], "td*/ns/a/sa/b", ["td1/ns/a/sa/b"]],
])("%j: %s", (trustDomains, principal, wanted) => {
  expect(migratePrincipal(principal, trustDomains)).toEqual(wanted);
});

it("trustDomains values: exact members only", () => {
  expect(migrateTrustDomain("b", ["a", "b"])).toEqual(["a", "b"]);
  expect(migrateTrustDomain("cluster.local", ["a", "b"])).toEqual(["cluster.local"]);
  expect(migrateTrustDomain("*", ["a", "b"])).toEqual(["*"]);
});
