import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findProject } from "../../cli/discovery.ts";
import { exitCodeOf, ExitWith } from "../../cli/exit-code.ts";
import { run } from "../../cli/main.ts";
import { parseDuration, parsePort } from "../../cli/options.ts";
import { readPackageInfo } from "../../cli/package-info.ts";
import { isCode, requireFilter } from "../../cli/session.ts";
import { codes } from "../../runtime/core/codes.ts";
import { MeshError } from "../../runtime/core/error.ts";
import { captured, type Captured } from "./support/captured.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meshdev-cli-"));
  // A repository root, so that no search leaves the folder.
  mkdirSync(join(folder, ".git"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function cli(...argv: string[]): Promise<Captured> {
  return captured(folder, (context) => run(argv, context), { env: { XDG_RUNTIME_DIR: folder } });
}

const commands = [
  "up",
  "demo",
  "init",
  "down",
  "attach",
  "ps",
  "ls",
  "logs",
  "events",
  "why",
  "can",
  "check",
  "test",
  "exec",
  "schema",
  "explain",
  "version",
];

describe("the command line", () => {
  it("lists every command and prints the version", async () => {
    const { out, code } = await cli("--help");
    expect(code).toBe(0);
    for (const command of commands) expect(out).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    expect((await cli("--version")).out).toBe(`meshdev ${readPackageInfo().version}\n`);
    expect((await cli()).out).toContain("Usage: meshdev");
  });

  it.each(commands)("%s --help holds examples", async (command) => {
    const { out, code } = await cli(command, "--help");
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`Examples:\\n\\s+meshdev ${command}`));
  });

  it.each([
    [["pss"], "unknown command 'pss'", "Did you mean ps?"],
    [["up", "--plian"], "unknown option '--plian'", "Did you mean --plain?"],
    [["exec", "true"], "required option '--as <service>' not specified", "See `meshdev exec --help`."],
    [["can", "frontend"], "can needs who calls and who is called", "meshdev can frontend backend GET /api"],
    [["ps", "-o", "jsn"], "argument 'jsn' is invalid", "See `meshdev ps --help`."],
    [["events", "--for", "soon"], "argument 'soon' is invalid", "See `meshdev events --help`."],
    [["version", "--color", "blue"], "argument 'blue' is invalid", "See `meshdev version --help`."],
  ])("%j is a usage error with a way out", async (argv, what, next) => {
    const { code, out, err } = await cli(...argv);
    expect(code).toBe(2);
    expect(out).toBe("");
    const lines = err.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain(`error MD8001 `);
    expect(lines[0]).toContain(what);
    expect(lines[2]).toContain(next);
  });

  it("explains codes, and suggests when there is none", async () => {
    expect((await cli("explain", "md7001")).out).toContain("No mesh is running here");
    const unknown = await cli("explain", "MD7777");
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain("MD7001");
  });

  it("prints versions as JSON with a schema version", async () => {
    const parsed: unknown = JSON.parse((await cli("version", "-o", "json")).out);
    expect(parsed).toMatchObject({ schemaVersion: 1, meshdev: readPackageInfo().version, node: process.versions.node });
  });

  it("says where it looked when there is no project", async () => {
    const { code, err } = await cli("ps");
    expect(code).toBe(3);
    expect(err).toContain(`error MD8003 no meshdev.yaml in ${folder}`);
    expect(err).toContain("meshdev init");
    expect((await cli("up", "-C", "nowhere")).err).toContain("there is no folder");
  });

  it("says so when no mesh is running", async () => {
    writeFileSync(join(folder, "meshdev.yaml"), "services: {}\n");
    for (const command of [
      ["ps"],
      ["down"],
      ["events"],
      ["logs"],
      ["why"],
      ["attach"],
      ["exec", "--as", "a", "--", "true"],
    ]) {
      expect(await cli(...command)).toMatchObject({ code: 9, out: "" });
    }
  });

  it("refuses a filter with a mark under the character", async () => {
    writeFileSync(join(folder, "meshdev.yaml"), "services: {}\n");
    const { code, err } = await cli("events", "--filter", "nosuchfield:1");
    expect(code).toBe(2);
    expect(err).toContain("MD8004");
    expect(err).toMatch(/\n +\^/);
  });
});

describe("findProject", () => {
  it("walks up to the root of the repository and no further", () => {
    const inner = join(folder, "a", "b");
    mkdirSync(inner, { recursive: true });
    expect(() => findProject(inner, undefined)).toThrow(expect.objectContaining({ code: "MD8003" }));
    writeFileSync(join(folder, "meshdev.yml"), "");
    expect(findProject(inner, undefined)).toBe(folder);
    mkdirSync(join(folder, "a", ".meshdev"));
    writeFileSync(join(folder, "a", ".meshdev", "meshdev.yaml"), "");
    expect(findProject(inner, undefined)).toBe(join(folder, "a"));
    expect(findProject(folder, "a/b")).toBe(join(folder, "a"));
  });
});

describe("exit codes", () => {
  it.each([
    ["MD1001", 3],
    ["MD4001", 5],
    ["MD4002", 6],
    ["MD6001", 8],
    ["MD6003", 7],
    ["MD7001", 9],
    ["MD8001", 2],
    ["MD8002", 6],
    ["MD8003", 3],
    ["MD8009", 5],
    ["MD9001", 1],
  ] as const)("%s ends with %i", (code, expected) => {
    expect(exitCodeOf(new MeshError(code, "x"))).toBe(expected);
  });

  it("keeps its own and calls everything else a fault of ours", () => {
    expect(exitCodeOf(new ExitWith(130))).toBe(130);
    expect(exitCodeOf(new TypeError("x"))).toBe(1);
    for (const code of Object.keys(codes))
      if (isCode(code)) expect(exitCodeOf(new MeshError(code, "x"))).toBeGreaterThan(0);
  });
});

describe("options", () => {
  it.each([
    ["8s", 8_000],
    ["500ms", 500],
    ["5m", 300_000],
    ["1.5h", 5_400_000],
    ["10", 10_000],
  ])("%s is %i milliseconds", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it("refuses what is no duration, port or filter", () => {
    expect(() => parseDuration("soon")).toThrow();
    expect(() => parsePort("70000")).toThrow();
    expect(() => requireFilter("(a", "/nowhere")).toThrow(expect.objectContaining({ code: "MD8004" }));
    expect(requireFilter(undefined, "/nowhere")({ type: "events.dropped", count: 1 })).toBe(true);
  });
});
