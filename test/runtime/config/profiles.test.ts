import { describe, expect, it } from "vitest";
import { profileSettings } from "../../../runtime/config/profiles.ts";
import { parseProject } from "../../../runtime/config/project.ts";
import { resolve } from "../../../runtime/config/resolve.ts";
import { projectYaml, resolvedProject } from "../../../runtime/config/resolved-project.ts";
import type { Checked } from "../../../runtime/core/problem.ts";
import type { Mesh } from "../../../runtime/model/mesh.ts";

const text = `services:
  web: { run: x, port: 80 }
  debug: { run: x, profiles: [dev, ci] }
  load: { run: x, profiles: load, needs: [web] }
variants:
  web-v2: { extends: web, profiles: [dev] }
  load-v2: { extends: load }
profiles:
  ci: { ui: plain, watch: false }
  quiet: { watch: false }
  dev:
`;

function read(source: string, profiles: readonly string[], named: readonly string[] = []): Checked<Mesh> {
  const { value, problems } = parseProject({ path: "meshdev.yaml", text: source }, {});
  if (value === undefined) return { problems };
  return resolve(value, [], { directory: "/p", env: {}, profiles, named: new Set(named) });
}

describe("profiles", () => {
  it.each([
    [[], ["web-1"]],
    [["dev"], ["web-1", "debug-1", "web-v2-1"]],
    [["ci"], ["web-1", "debug-1"]],
    [["load"], ["web-1", "load-1", "load-v2-1"]],
    [["*"], ["web-1", "debug-1", "load-1", "web-v2-1", "load-v2-1"]],
  ])("%j: what runs", (profiles, ids) => {
    expect(read(text, profiles).value?.workloads.map(({ id }) => id)).toEqual(ids);
  });

  it("do not keep from running what is asked for by name", () => {
    expect(read(text, [], ["debug"]).value?.workloads.map(({ id }) => id)).toEqual(["web-1", "debug-1"]);
  });

  it("say which one a needed service belongs to", () => {
    const { value, problems } = read("services: { a: { run: x, needs: [b] }, b: { run: x, profiles: [dev, ci] } }", []);
    expect(value).toBeUndefined();
    expect(problems).toMatchObject([
      {
        code: "MD2022",
        message: "a needs b, which belongs to the profile dev or ci only",
        hint: "run it with --profile dev, or give a the same profiles",
        at: { line: 1, column: 34 },
      },
    ]);
  });

  it("that nothing belongs to are told, with the one that may be meant", () => {
    expect(read(text, ["lod"]).problems).toMatchObject([
      { code: "MD2023", severity: "warning", hint: "did you mean load?", at: { line: 8 } },
    ]);
    expect(read(text, ["quiet"]).problems).toEqual([]);
  });

  it("set how it is run, a later one wins", () => {
    const profiles = parseProject({ path: "meshdev.yaml", text }, {}).value?.profiles ?? [];
    expect(profileSettings(profiles, ["ci", "dev"])).toEqual({ ui: "plain", watch: false });
    expect(profileSettings(profiles, [])).toEqual({ ui: undefined, watch: undefined });
  });

  it.each([
    ["profiles: [ci]", "profiles", undefined],
    ["profiles: { ci: plain }", "profiles.ci", undefined],
    ["profiles: { ci: { iu: plain } }", "profiles.ci.iu", "iu: did you mean ui?"],
    ["profiles: { ci: { ui: loud } }", "profiles.ci.ui", undefined],
    ["profiles: { ci: { watch: 7 } }", "profiles.ci.watch", undefined],
    ["services: { a: { run: x, profiles: { b: c } } }", "services.a.profiles", undefined],
    ["services: { a: { run: x, profiles: [[]] } }", "services.a.profiles[0]", undefined],
  ])("%s is refused with its place", (source, field, hint) => {
    const found = read(source, []).problems.find((problem) => problem.field === field);
    expect(found).toMatchObject({ severity: "error", ...(hint === undefined ? {} : { hint }) });
  });
});

describe("the resolved project", () => {
  it("is one file, with variables replaced and without what does not run", () => {
    const base = {
      path: "meshdev.yaml",
      text: 'services:\n  web: { run: "echo $X", env: { A: "${A}" }, port: 80 }\n  dev: { run: x, profiles: [dev] }\n',
    };
    const over = { path: "meshdev.local.yaml", text: "services: { web: { port: 81, cwd: web } }\n" };
    const { value } = parseProject(base, { A: "1" }, [over]);
    if (value === undefined) throw new Error("not valid");
    const resolved = resolvedProject(value, { A: "1" }, []);
    expect(resolved).toEqual({ services: { web: { run: "echo $X", env: { A: "1" }, port: 81, cwd: "web" } } });
    expect(projectYaml(resolved, value.locate)).toBe(`services:
  web:
    run: echo $X # meshdev.yaml:2:15
    env:
      A: "1" # meshdev.yaml:2:36
    port: 81 # meshdev.local.yaml:1:26
    cwd: web # meshdev.local.yaml:1:35
`);
  });
});
