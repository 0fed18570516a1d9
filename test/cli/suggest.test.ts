import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../cli/main.ts";
import { suggestSchema } from "../../runtime/store/suggest-schema.ts";
import { captured, type Captured } from "./support/captured.ts";

let folder = "";
const root = resolve(import.meta.dirname, "../..");

function cli(...argv: readonly string[]): Promise<Captured> {
  return captured(folder, (context) => run(["suggest", ...argv], context), { env: { LANG: "C.UTF-8" } });
}

const policies = (): string => readFileSync(join(folder, "mesh", "backend.yaml"), "utf8");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "md-suggest-"));
  cpSync(join(root, "samples", "frontend-backend"), folder, { recursive: true });
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("meshdev suggest", () => {
  it("shows each edit as a diff with its place and all that it opens", async () => {
    const { code, out } = await cli("intruder", "backend", "GET", "/api/data");
    expect(code).toBe(0);
    expect(out).toMatch(/^DENY {2}predicted {2}intruder → backend {2}GET \/api\/data\n/);
    expect(out).toContain("1  add a rule: from principals cluster.local/ns/default/sa/intruder");
    expect(out).toContain("AuthorizationPolicy default/backend-allow mesh/backend.yaml:");
    expect(out).toContain('   +            principals: ["cluster.local/ns/default/sa/intruder"]\n');
    expect(out).toContain(
      "* backend-1 port 8080: caller cluster.local/ns/default/sa/intruder; method GET; path /api/data\n",
    );
  });

  it("keeps to its schema, whatever it has to say", async () => {
    const isValid = new Ajv2020({ strict: false }).compile(suggestSchema);
    for (const call of [
      ["intruder", "backend"],
      ["outsider", "backend"],
      ["frontend", "backend", "GET", "/api/x"],
    ]) {
      const { out } = await cli(...call, "--json");
      const said: unknown = JSON.parse(out);
      expect(isValid(said), JSON.stringify(isValid.errors)).toBe(true);
    }
  });

  it("writes an edit only after a yes, keeps the file's rights, and follows links", async () => {
    const before = policies();
    const asked = await cli("frontend", "backend", "POST", "/api/data", "--apply");
    expect(asked).toMatchObject({ code: 2 });
    expect(asked.err).toContain("--yes");
    expect(policies()).toBe(before);
    const real = join(folder, "elsewhere.yaml");
    const link = join(folder, "mesh", "backend.yaml");
    writeFileSync(real, before, { mode: 0o640 });
    rmSync(link);
    symlinkSync(real, link);
    const { code, err } = await cli("frontend", "backend", "POST", "/api/data", "--apply", "2", "--yes");
    expect({ code, err }).toMatchObject({ code: 0, err: "written: mesh/backend.yaml\n" });
    expect(readFileSync(real, "utf8")).toBe(before.replace('methods: ["GET"]', 'methods: ["GET", "POST"]'));
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect((await cli("frontend", "backend", "POST", "/api/data")).out).toContain("nothing to edit");
  });

  it("answers with exit codes: no edit helps, no such edit, no such name, an invalid project, no mesh", async () => {
    const tokens = `---\n${policies()
      .slice(policies().indexOf("---") + 4)
      .split("rules:")[0]
      ?.replace(
        "backend-allow",
        "tokens",
      )}rules:\n    - when: [{ key: "request.auth.claims[role]", values: ["admin"] }]\n`;
    writeFileSync(join(folder, "mesh", "backend.yaml"), tokens.slice(4));
    const missing = await cli("frontend", "backend");
    expect(missing.code).toBe(4);
    expect(missing.out).toContain("send a token: rule 0 of default/tokens wants when request.auth.claims[role] admin");
    expect(await cli("frontend", "nobody")).toMatchObject({ code: 2 });
    expect(await cli("frontend", "backend", "GET", "/", "--apply", "7", "--yes")).toMatchObject({ code: 2 });
    expect(await cli("r-1")).toMatchObject({ code: 9 });
    writeFileSync(join(folder, "mesh", "backend.yaml"), "kind: [");
    expect(await cli("frontend", "backend")).toMatchObject({ code: 3 });
  });
});
