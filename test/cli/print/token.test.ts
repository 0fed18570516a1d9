import { describe, expect, it } from "vitest";
import { decisionSummary } from "../../../cli/print/decision.ts";
import { decisionLines } from "../../../cli/print/decision-tree.ts";
import type { DecisionRecord, TokenRecord } from "../../../runtime/model/decision.ts";
import { allowed } from "../support/synthetic.ts";

const token: TokenRecord = {
  verified: true,
  fault: null,
  location: "header authorization",
  issuer: "https://id.example",
  subject: "alice",
  audiences: ["api"],
  expires: "2026-01-01T00:00:00.000Z",
  rule: {
    resource: "RequestAuthentication default/jwt",
    action: "JWT",
    rule: 1,
    id: "RequestAuthentication default/jwt jwtRules[1]",
    file: "mesh/jwt.yaml",
    line: 8,
    column: 7,
  },
};

function refused(change: Partial<TokenRecord>): DecisionRecord {
  const bad = { ...token, verified: false, fault: "Jwt is expired", ...change };
  return { verdict: "deny", reason: "jwt", by: bad.rule, details: null, tried: [], note: null, token: bad };
}

const text = (decision: DecisionRecord): string =>
  decisionLines(decision)
    .map((line) => line.map((segment) => segment.text).join(""))
    .join("\n");
const summary = (decision: DecisionRecord): string =>
  decisionSummary(decision)
    .map((segment) => segment.text)
    .join("");

describe("a decision with a token", () => {
  it("tells who it is for and which rule verified it", () => {
    expect(text({ ...allowed, token })).toContain(
      [
        "  token verified from header authorization",
        "    issuer https://id.example, subject alice, audiences api, expires 2026-01-01T00:00:00.000Z",
        "    by RequestAuthentication default/jwt jwtRules[1] mesh/jwt.yaml:8:7",
      ].join("\n"),
    );
  });

  it("names its principal at the end of a line", () => {
    expect(summary({ ...allowed, token })).toMatch(
      /^by backend-allow rule 0 .*  token of https:\/\/id\.example\/alice$/,
    );
    expect(summary({ ...allowed, token: { ...token, issuer: "" } })).toMatch(/token of alice$/);
  });

  it("tells why it was refused, and that nothing of it is to be believed", () => {
    expect(text(refused({}))).toContain("token refused from header authorization: Jwt is expired");
    expect(text(refused({}))).toContain("    says issuer https://id.example, subject alice");
    expect(summary(refused({}))).toBe("Jwt is expired by jwt rule 1 mesh/jwt.yaml:8:7");
  });

  it("has nothing to say of one that cannot be read, or that no rule takes", () => {
    const lines = text(refused({ issuer: null, subject: null, audiences: [], expires: null, rule: null }));
    expect(lines).not.toContain("says");
    expect(lines).not.toContain("jwtRules");
    expect(summary(refused({ rule: null }))).toBe("Jwt is expired");
  });

  it("lets no claim write to the terminal", () => {
    expect(text(refused({ subject: "a\u001b[2Jb" }))).not.toContain("\u001b");
  });
});
