import { expect, it } from "vitest";
import type { HeaderEdit } from "../../../../runtime/model/header-edit.ts";
import type { TokenOutcome } from "../../../../runtime/model/jwt.ts";
import { withToken } from "../../../../runtime/policy/jwt/edit.ts";
import { headerNames } from "../../../../runtime/wire/header-names.ts";
import { providerOf } from "./providers.ts";

const jwt = [
  providerOf({ issuer: "a", payloadHeader: "x-payload", claimHeaders: [{ header: "x-sub", claim: "sub" }] }),
];
const before: HeaderEdit = {
  remove: headerNames(["x-gone"]),
  add: [
    ["x-other", "1"],
    ["x-sub", "written by an authorizer"],
    ["authorization", "Bearer given by an authorizer"],
  ],
};

it("changes nothing where no rule applies", () => {
  expect(withToken(before, [], undefined)).toBe(before);
});

it("takes what only a token may write, whoever wrote it", () => {
  const { add, remove } = withToken(before, jwt, undefined);
  expect(add.map(([name]) => name)).toEqual(["x-other", "authorization"]);
  expect(["x-gone", "x-sub", "x-payload", "authorization"].map((name) => remove.has(name))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

it("takes the token and writes its claims", () => {
  const token: TokenOutcome = {
    fault: undefined,
    provider: jwt[0],
    location: { kind: "header", name: "authorization" },
    says: undefined,
    claims: undefined,
    changes: { path: "/", removed: ["x-payload", "x-sub", "authorization"], added: [["x-sub", "alice"]] },
    size: 1,
  };
  const { add, remove } = withToken(before, jwt, token);
  expect(add).toEqual([
    ["x-other", "1"],
    ["x-sub", "alice"],
  ]);
  expect(remove.has("authorization")).toBe(true);
});
