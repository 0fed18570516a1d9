import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parseClaims } from "../../cli/commands/token.ts";
import { run } from "../../cli/main.ts";
import { captured, type Captured } from "./support/captured.ts";

describe("parseClaims", () => {
  it.each<[readonly string[], unknown]>([
    [["role=admin"], { role: "admin" }],
    [["level=5", "ok=true", "none=null"], { level: 5, ok: true, none: null }],
    [['org={"team":"core"}'], { org: { team: "core" } }],
    [["groups=a", "groups=b"], { groups: ["a", "b"] }],
    [["text=a=b", "empty="], { text: "a=b", empty: "" }],
    [["__proto__=x"], JSON.parse('{"__proto__":"x"}')],
  ])("%j", (texts, expected) => {
    expect(parseClaims(texts)).toEqual(expected);
  });

  it("wants a name", () => {
    expect(() => parseClaims(["=x"])).toThrow(/--claim needs/);
  });
});

describe("meshdev token and can", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "md-token-"));
    vi.stubEnv("XDG_STATE_HOME", join(folder, "state"));
    writeFileSync(
      join(folder, "meshdev.yaml"),
      "services:\n  web: {run: x, port: 8080}\n  api: {run: x, port: 8080}\nmesh: ./mesh.yaml\n",
    );
    writeFileSync(
      join(folder, "mesh.yaml"),
      `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: jwt}
spec: {jwtRules: [{issuer: dev, jwksUri: "http://meshdev-issuer.istio-system/jwks", fromCookies: [sid]}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: admins}
spec: {rules: [{when: [{key: "request.auth.claims[role]", values: [admin]}]}]}
`,
    );
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  function cli(...argv: readonly string[]): Promise<Captured> {
    return captured(folder, (context) => run(argv, context), { env: process.env });
  }

  it("prints a token and what it says", async () => {
    const { code, out, err } = await cli(
      "token",
      "--sub",
      "bob",
      "--aud",
      "x",
      "--aud",
      "y",
      "--expires",
      "never",
      "-o",
      "json",
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({
      schemaVersion: 1,
      issuer: "dev",
      trusted: true,
      claims: { iss: "dev", sub: "bob", aud: ["x", "y"] },
    });
    expect(JSON.parse(out)).not.toHaveProperty("claims.exp");
  });

  it("warns of an issuer that nobody takes", async () => {
    const { code, out, err } = await cli("token", "--iss", "other");
    expect(code).toBe(0);
    expect(out.trim().split(".")).toHaveLength(3);
    expect(err).toContain("no RequestAuthentication here takes tokens of other");
  });

  it("asks with a token, or with what one would say", async () => {
    const ask = ["can", "web", "api", "GET", "/", "-o", "json"];
    expect(JSON.parse((await cli(...ask)).out)).toMatchObject({ verdict: "deny" });
    expect(JSON.parse((await cli(...ask, "--claim", "role=admin")).out)).toMatchObject({
      verdict: "allow",
      decision: { token: { verified: true, issuer: "dev", location: "cookie sid" } },
    });
    writeFileSync(join(folder, "t"), (await cli("token", "--claim", "role=admin", "--expires=-5m")).out);
    expect(JSON.parse((await cli(...ask, "--jwt", "t")).out)).toMatchObject({
      verdict: "deny",
      summary: "401 Jwt is expired",
    });
    expect((await cli(...ask, "--jwt", "t", "--claim", "a=b")).code).toBe(2);
    expect((await cli(...ask, "--jwt", "none")).err).toContain("MD8001");
  });
});
