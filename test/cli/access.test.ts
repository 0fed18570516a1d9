import { Ajv2020 } from "ajv/dist/2020.js";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../cli/main.ts";
import { changesSchema, matrixSchema } from "../../runtime/store/access-schemas.ts";
import { captured, type Captured } from "./support/captured.ts";

const root = mkdtempSync(join(tmpdir(), "meshdev-access-"));
const project = join(root, "project");
const changed = join(root, "changed");
const ajv = new Ajv2020({ strict: false });

beforeAll(() => {
  const sample = resolve(import.meta.dirname, "../../samples/frontend-backend");
  for (const folder of [project, changed]) cpSync(sample, folder, { recursive: true });
  const file = join(changed, "mesh", "backend.yaml");
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace('["GET"]', "[GET, POST]").replace("mode: STRICT", "mode: PERMISSIVE"),
  );
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

function cli(...argv: readonly string[]): Promise<Captured> {
  return captured(project, (context) => run(argv, context), { env: process.env });
}

function valid(schema: object, text: string): Record<string, unknown> {
  const value: Record<string, unknown> = JSON.parse(text);
  expect([ajv.validate(schema, value), ajv.errors]).toEqual([true, null]);
  return value;
}

describe("can --matrix", () => {
  it("tells who may call what, and why not", async () => {
    const { code, out, err } = await cli("can", "--matrix");
    expect([code, err]).toEqual([0, "predicted from the files\n"]);
    expect(out).toContain("backend.default:8080  http  STRICT mesh/backend.yaml:11:11  backend-1\n");
    expect(out).toMatch(/^ {2}frontend-1 +partly +method: GET \| path: \/api\/\*$/m);
    expect(out).toMatch(/^ {2}intruder-1 +deny +no ALLOW rule matches$/m);
    expect(out).toMatch(/^ {2}plaintext +deny +plaintext under STRICT \(mesh\/backend\.yaml:11:11\)$/m);
  });

  it("tells the classes of one pair", async () => {
    const { out } = await cli("can", "svc/frontend", "backend", "--matrix");
    expect(out).not.toContain("intruder");
    expect(out).toContain("  ALLOW   caller: cluster.local/ns/default/sa/frontend | method: GET | path: /api/*\n");
    expect(out).toContain("AuthorizationPolicy default/backend-allow rule 0 (mesh/backend.yaml:24:7)");
  });

  it("has a schema", async () => {
    const value = valid(matrixSchema, (await cli("can", "outside", "backend", "--matrix", "--json")).out);
    expect(value).toMatchObject({ predicted: true, source: "files", ports: [{ callers: [{ text: "plaintext" }] }] });
    expect(JSON.parse((await cli("can", "--matrix", "-n", "nowhere", "--json")).out)).toMatchObject({ ports: [] });
  });

  it("asks for a running mesh and known names", async () => {
    expect((await cli("can", "--matrix", "--live")).code).toBe(9);
    expect((await cli("can", "nobody", "backend", "--matrix")).code).toBe(2);
    expect((await cli("can", "frontend")).code).toBe(2);
    expect((await cli("can", "frontend", "backend", "GET", "--matrix")).code).toBe(2);
    expect((await cli("can", "--matrix", "--expect", "allow")).err).toContain("--expect is about a single one");
    expect(JSON.parse((await cli("can", "--matrix", "--port", "9", "--json")).out)).toMatchObject({ ports: [] });
  });
});

describe("diff of folders", () => {
  it("names what opens and closes, with a reason on both sides", async () => {
    const { code, out } = await cli("diff", ".", changed);
    expect(code).toBe(0);
    expect(out).toContain("backend.default:8080  http  STRICT → PERMISSIVE  mesh/backend.yaml:11:11");
    expect(out).toContain("  OPENS   caller: cluster.local/ns/default/sa/frontend | method: POST | path: /api/*\n");
    expect(out).toContain("before  deny    no ALLOW rule matches\n");
    expect(out).toContain(
      "after   allow   AuthorizationPolicy default/backend-allow rule 0 (mesh/backend.yaml:24:7)\n",
    );
    expect((await cli("diff", ".", changed, "--fail-on-change")).code).toBe(4);
    expect(await cli("diff", ".", ".", "--fail-on-change")).toMatchObject({ code: 0 });
  });

  it("takes YAML without a project in the place of the project's own", async () => {
    const value = valid(changesSchema, (await cli("diff", join(changed, "mesh"), "--json")).out);
    expect(value).toMatchObject({
      before: { kind: "folder" },
      after: { kind: "project" },
      ports: [{ classes: [{ before: { verdict: "allow" }, after: { verdict: "deny" }, example: { method: "POST" } }] }],
    });
  });

  it("compares git revisions, and one with the working tree", async () => {
    const git = (...argv: readonly string[]): string =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...argv], {
        cwd: project,
        encoding: "utf8",
      });
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "one");
    expect((await cli("diff", "HEAD", "--fail-on-change")).code).toBe(0);
    const file = join(project, "mesh", "backend.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("/api/*", "/*"));
    expect((await cli("diff", "HEAD")).out).toContain(
      "  OPENS   caller: cluster.local/ns/default/sa/frontend | method: GET | path: any but /api/*",
    );
    git("commit", "-qam", "two");
    expect((await cli("diff", "HEAD~1..HEAD", "--fail-on-change")).code).toBe(4);
    writeFileSync(file, text);
    expect((await cli("diff", "HEAD~1", "--fail-on-change")).code).toBe(0);
    expect((await cli("diff", "nosuch")).code).toBe(2);
    expect((await cli("diff", "--", "--output=x")).code).toBe(2);
  });

  it("refuses what is not valid", async () => {
    const broken = mkdtempSync(join(root, "broken-"));
    writeFileSync(
      join(broken, "a.yaml"),
      "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\nspec: {action: NEVER}\n",
    );
    const { code, err } = await cli("diff", broken);
    expect(code).toBe(3);
    expect(err).toContain("a.yaml:4");
  });
});
