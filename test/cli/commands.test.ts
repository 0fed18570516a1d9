import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Context } from "../../cli/context.ts";
import { run } from "../../cli/main.ts";
import { captured, type Captured } from "./support/captured.ts";

/** The commands against a mesh that really runs: the sample, without its published port. */

let folder = "";
const root = resolve(import.meta.dirname, "../..");

function cli(argv: readonly string[], more: Partial<Context> = {}): Promise<Captured> {
  return captured(folder, (context) => run(argv, context), { env: process.env, ...more });
}

function json(text: string): unknown {
  return JSON.parse(text);
}

interface WhyJson {
  readonly outcome: string;
  readonly cause: { readonly text: string; readonly at: unknown };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "md-cli-"));
  for (const name of ["run", "state", "project"]) mkdirSync(join(folder, name), { mode: 0o700 });
  vi.stubEnv("XDG_RUNTIME_DIR", join(folder, "run"));
  vi.stubEnv("XDG_STATE_HOME", join(folder, "state"));
  const project = join(folder, "project");
  cpSync(join(root, "samples", "frontend-backend"), project, { recursive: true });
  const file = join(project, "meshdev.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace(/^ *publish:.*\n/m, ""));
  folder = project;
  expect(await cli(["up", "-d"])).toMatchObject({ code: 0, out: "" });
}, 60_000);

afterAll(async () => {
  await cli(["down"]);
  vi.unstubAllEnvs();
  rmSync(resolve(folder, ".."), { recursive: true, force: true });
}, 30_000);

describe("a running mesh", () => {
  it("is listed, in words and as JSON", async () => {
    const table = await cli(["ps", "-o", "wide"]);
    expect(table.out).toMatch(/^NAME +STATE +.*ACKED +CERT +MTLS +RSS/);
    expect(table.out).toMatch(
      /backend-1 +ready .*spiffe:\/\/cluster\.local\/ns\/default\/sa\/backend .* 1 +2\dh\d\dm +STRICT/,
    );
    expect(json((await cli(["ps", "-o", "json"])).out)).toMatchObject({
      schemaVersion: 1,
      generation: { number: 1, live: 3, total: 3 },
    });
    expect((await cli(["ps", "-o", "name"])).out.split("\n")).toContain("outsider-1");
    expect((await cli(["ls", "-o", "name"])).out).toContain(folder);
  });

  it("lends its identities to commands and returns their exit codes", async () => {
    const script =
      "fetch('http://backend:8080/api/data').then((answer) => process.exit(answer.status === 200 ? 10 : answer.status === 403 ? 11 : 12))";
    const node = ["--", process.execPath, "-e", script];
    expect((await cli(["exec", "--as", "frontend", ...node])).code).toBe(10);
    expect((await cli(["exec", "--as", "svc/intruder", ...node])).code).toBe(11);
    expect((await cli(["exec", "--as", "frontend", "--", "no-such-program"])).code).toBe(8);
    expect((await cli(["exec", "--as", "nobody", "--", "true"])).code).toBe(2);
  });

  it("cert rotate gives new certificates, and a new root with --root", async () => {
    expect(await cli(["cert", "rotate", "backend"])).toMatchObject({
      code: 0,
      err: "new certificates for backend-1\n",
    });
    expect((await cli(["cert", "rotate"])).err).toContain("frontend-1");
    expect((await cli(["cert", "rotate", "nobody"])).code).toBe(2);
    expect((await cli(["cert", "rotate", "--no-overlap"])).code).toBe(2);
    expect(await cli(["cert", "rotate", "--root"])).toMatchObject({ code: 0, err: expect.stringContaining("root CA") });
  });

  it("explains the last refusal with the line of YAML", async () => {
    await vi.waitFor(
      async () => {
        const { out } = await cli(["why"]);
        expect(out).toMatch(/missed from\.source\.principals wanted|plaintext under STRICT/);
        expect(out).toMatch(/\^\^\^/);
      },
      { timeout: 15_000 },
    );
    const last = json((await cli(["why", "-o", "json"])).out);
    expect(last).toMatchObject({ schemaVersion: 1, predicted: false, cause: { at: { file: "mesh/backend.yaml" } } });
    const ajv = new Ajv2020({ strict: false });
    const isRight = ajv.validate(json((await cli(["schema", "why"])).out) as object, last);
    expect(isRight, JSON.stringify(ajv.errors)).toBe(true);
    const suggested = await cli(["suggest", "--json"]);
    expect(json(suggested.out)).toMatchObject({
      call: { from: expect.stringMatching(/^(?:intruder|outsider)-1$/), to: "backend.default.svc.cluster.local" },
      verdict: "deny",
      suggestions: expect.arrayContaining([expect.objectContaining({ dangerous: expect.any(Boolean) })]),
      applied: null,
    });
    // How many edits there are depends on whom it was about.
    const { out } = await cli([
      "events",
      "-o",
      "ndjson",
      "--replay",
      "--limit",
      "1",
      "--filter",
      "from:intruder verdict:denied",
    ]);
    const { id } = json(out.trimEnd().split("\n").at(-1) ?? "") as { readonly id: string };
    const about = await cli(["suggest", id, "--json"]);
    expect(about.err).toBe("");
    expect(json(about.out)).toMatchObject({
      call: { from: expect.stringMatching(/^intruder(-1)?$/), to: "backend.default.svc.cluster.local" },
      verdict: "deny",
      suggestions: [{ dangerous: expect.any(Boolean) }, {}],
      applied: null,
    });
    expect((await cli(["suggest", "r-none"])).code).toBe(2);
    expect((await cli(["why", "r-none"])).code).toBe(2);
    expect((await cli(["why", "r-1", "--tcp"])).code).toBe(2);
    expect((await cli(["why", "a", "b", "GET", "/", "more"])).code).toBe(2);
  });

  it("says of a call that is sent live what it predicts of it", async () => {
    for (const call of [
      ["intruder", "backend", "GET", "/api/data"],
      ["frontend", "backend", "POST", "/api/data"],
      ["frontend", "backend", "--tls", "plaintext"],
    ]) {
      const predicted = json((await cli(["why", ...call, "--json"])).out) as WhyJson;
      const live = json((await cli(["why", ...call, "--live", "--json"])).out) as WhyJson;
      expect(live).toMatchObject({ predicted: false, outcome: predicted.outcome, cause: { at: predicted.cause.at } });
      if (live.outcome === "deny") expect(live.cause).toEqual(predicted.cause);
    }
  });

  it("streams events as NDJSON whose first line is the state, for as long as asked", async () => {
    const { out, code } = await cli(["events", "-o", "ndjson", "--replay", "--limit", "5"]);
    expect(code).toBe(0);
    const lines = out.trimEnd().split("\n").map(json);
    expect(lines).toHaveLength(6);
    expect(lines[0]).toMatchObject({ type: "state", schemaVersion: 1, seq: 0 });
    expect((await cli(["events", "--for", "100ms"])).code).toBe(0);
    await vi.waitFor(async () => {
      const denied = await cli(["events", "--replay", "--for", "300ms", "--filter", "verdict:denied method:GET"]);
      expect(denied.out).toMatch(
        /DENY {5}intruder(-1|#\S+) -> backend-1:8080|DENY {5}intruder(-1|#\S+) → backend-1:8080/,
      );
      expect(denied.out).not.toContain("ALLOW    ");
    });
  });

  it("shows what programs printed", async () => {
    expect((await cli(["logs", "backend"])).out).toContain("backend listens on 8080");
    expect((await cli(["logs", "backend", "--tail", "0"])).out).toBe("");
    expect((await cli(["logs", "nosuch"])).code).toBe(2);
  });

  it("attaches as lines until interrupted, and goes on running", async () => {
    const stop = new AbortController();
    let seen = "";
    const attached = cli(["attach"], { signal: stop.signal, out: (text) => (seen += text) });
    await vi.waitFor(() => expect(seen).toContain("loaded   generation 1"));
    stop.abort(130);
    expect((await attached).code).toBe(130);
    expect((await cli(["up", "-d"])).err).toContain("already running");
  });
});

describe("a start that fails", () => {
  function project(name: string, services: string): string {
    const path = join(folder, "..", name);
    mkdirSync(path);
    writeFileSync(join(path, "meshdev.yaml"), `services:\n${services}\n`);
    return path;
  }

  it("ends with 5 and the last words of a program that crashed", async () => {
    const { code, err } = await cli([
      "up",
      "-d",
      "-C",
      project("crash", `  a: { run: [node, -e, "console.error('boom'); process.exit(3)"], port: 8080 }`),
    ]);
    expect(code).toBe(5);
    expect(err).toContain("a-1 boom");
    expect(err).toMatch(/error MD4\d{3} .*exit code 3/);
  });

  it("ends with 6 after its time, and leaves nothing behind", async () => {
    const path = project("mute", `  a: { run: [node, -e, "setInterval(() => undefined, 1000)"], port: 8080 }`);
    expect((await cli(["up", "-d", "--timeout", "1s", "-C", path])).code).toBe(6);
    await vi.waitFor(async () => expect((await cli(["ls", "-o", "name"])).out).not.toContain("mute"), {
      timeout: 10_000,
    });
  });

  it("ends with 7 and names who holds the port", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const address = holder.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const path = project("taken", `  a: { run: [node, -e, ""], port: 8080, publish: ${port} }`);
    const { code, err } = await cli(["up", "-d", "-C", path]);
    holder.close();
    expect(code).toBe(7);
    expect(err).toContain(`port ${port}`);
    expect(err).toContain(`pid ${process.pid}`);
    expect(err.match(/error MD6003/g)).toHaveLength(1);
  });
});

describe("without running anything", () => {
  it("predicts calls and holds them against an expectation", async () => {
    expect((await cli(["can", "frontend", "backend", "GET", "/api/data", "--expect", "allow"])).code).toBe(0);
    const refused = await cli(["can", "intruder", "svc/backend", "GET", "/api/data", "--expect", "allow"]);
    expect(refused.code).toBe(4);
    expect(refused.out).toContain("DENY  predicted");
    expect(refused.out).toMatch(/mesh\/backend\.yaml:\d+:\d+/);
    expect((await cli(["can", "outsider", "backend", "--expect", "deny"])).out).toContain(
      "PeerAuthentication default/backend",
    );
    expect(json((await cli(["can", "frontend", "backend", "-o", "json"])).out)).toMatchObject({
      schemaVersion: 1,
      predicted: true,
    });
    expect((await cli(["can", "frontend", "backend", "--header", "nonsense"])).code).toBe(2);
    expect((await cli(["can", "frontend", "backend", "--tls", "plaintext", "--expect", "deny"])).out).toContain(
      "plaintext under STRICT",
    );
    expect((await cli(["can", "frontend", "backend", "--tcp", "--expect", "deny"])).code).toBe(0);
    expect((await cli(["can", "frontend", "backend", "--tcp", "--claim", "a=b"])).code).toBe(2);
  });

  it("explains a call that nobody made, the cause in the first two lines", async () => {
    const { out, code } = await cli(["why", "frontend", "svc/backend", "POST", "/api/data"]);
    expect(code).toBe(0);
    expect(out.split("\n").slice(0, 2)).toEqual([
      "DENY  no ALLOW rule matched: to.operation.methods wants GET, the request has POST",
      "  at mesh/backend.yaml:29:13  ALLOW AuthorizationPolicy default/backend-allow rule 0",
    ]);
    expect((await cli(["why", "frontend", "backend", "GET", "/api/data"])).out).toMatch(/^ALLOW {2}.* matched\n/);
    expect((await cli(["why", "frontend", "nobody", "GET", "/"])).code).toBe(2);
  });

  it("checks a project and points at the place", async () => {
    expect(await cli(["check"])).toMatchObject({ code: 0, out: "" });
    const broken = join(folder, "..", "broken");
    cpSync(folder, broken, { recursive: true });
    const file = join(broken, "mesh", "backend.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("methods:", "methodz:"));
    const { code, out } = await cli(["check", broken]);
    expect(code).toBe(3);
    expect(out).toMatch(/mesh\/backend\.yaml:\d+:\d+ error MD\d{4} .*\n.*methodz.*\n.*\^\^\^/);
    expect(json((await cli(["check", join(broken, "meshdev.yaml"), "--json"])).out)).toMatchObject({
      schemaVersion: 1,
      problems: [{ severity: "error" }],
    });
    const started = await cli(["up", "-d", "-C", broken]);
    expect(started.code).toBe(3);
    expect(started.err).toContain("methodz");
    expect((await cli(["can", "a", "b", "-C", broken])).code).toBe(3);
  });

  it("writes a project that checks, once", async () => {
    const fresh = join(folder, "..", "fresh");
    mkdirSync(join(fresh, "packages", "web"), { recursive: true });
    writeFileSync(join(fresh, "package.json"), JSON.stringify({ workspaces: ["packages/*"] }));
    writeFileSync(
      join(fresh, "packages", "web", "package.json"),
      JSON.stringify({ name: "@shop/Web", scripts: { dev: "vite --port 4000" } }),
    );
    expect((await cli(["init", "-C", fresh, "--dry-run"])).out).toContain("would write");
    expect((await cli(["init", "-C", fresh])).code).toBe(0);
    expect(readFileSync(join(fresh, "meshdev.yaml"), "utf8")).toContain(
      '  web:\n    run: npm run dev\n    cwd: "packages/web"\n    port: 4000\n',
    );
    expect((await cli(["check", fresh])).code).toBe(0);
    const before = readFileSync(join(fresh, "meshdev.yaml"), "utf8");
    expect((await cli(["init", "-C", fresh])).code).toBe(7);
    expect(readFileSync(join(fresh, "meshdev.yaml"), "utf8")).toBe(before);
  });

  it("writes a project of a Procfile, which `up` would run as it is", async () => {
    const fresh = join(folder, "..", "procfile");
    mkdirSync(fresh);
    writeFileSync(join(fresh, "Procfile"), "web: node web.mjs\nmail: node mail.mjs\n");
    expect((await cli(["check", "-C", fresh])).code).toBe(0);
    expect((await cli(["init", "-C", fresh])).code).toBe(0);
    const written = readFileSync(join(fresh, "meshdev.yaml"), "utf8");
    expect(written).toContain("  web:\n    run: node web.mjs\n    port: 5000\n");
    expect(written).toContain('    env:\n      PORT: "5100"\n');
    expect(readFileSync(join(fresh, ".gitignore"), "utf8")).toBe("meshdev.local.yaml\n");
    expect((await cli(["check", "-C", fresh])).code).toBe(0);
  });

  it("tells who may call what by what the sidecars obey", async () => {
    const { code, out } = await cli(["can", "--matrix", "--live", "--json"]);
    expect([code, json(out)]).toEqual([
      0,
      { ...(json((await cli(["can", "--matrix", "--json"])).out) as object), source: "running mesh" },
    ]);
  });

  it("prints its schemas", async () => {
    for (const name of ["project", "events", "state"])
      expect(json((await cli(["schema", name])).out)).toHaveProperty("$schema");
    expect((await cli(["schema", "nosuch"])).code).toBe(2);
  });
});
