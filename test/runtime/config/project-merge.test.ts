import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseProject } from "../../../runtime/config/project.ts";
import type { ServiceSpec } from "../../../runtime/config/project-service.ts";

const base = `services:
  web:
    run: [node, web.mjs, --verbose]
    env: { A: base, B: base }
    ports: [{ name: http, port: 80, target: 8080 }, 9000/tcp]
    needs: [db]
    env_file: a.env
  db: { run: postgres, port: 5432/tcp }
mesh: [./mesh]
`;

function lay(...overlays: readonly string[]): ReturnType<typeof parseProject> {
  const files = overlays.map((text, index) => ({ path: `over${index + 1}.yaml`, text }));
  return parseProject({ path: "meshdev.yaml", text: base }, {}, files);
}

function web(...overlays: readonly string[]): ServiceSpec | undefined {
  const { value, problems } = lay(...overlays);
  expect(problems).toEqual([]);
  return value?.services.find(({ key }) => key === "web");
}

describe("files laid over the project file", () => {
  it("merge maps, append lists and replace commands and plain values", () => {
    const spec = web(
      "services: { web: { run: [deno, web.ts], env: { B: over, C: over }, needs: [cache, db] }, cache: { run: redis } }",
      "services: { web: { env: { C: last }, cwd: web } }\nmesh: [./local]",
    );
    expect(spec).toMatchObject({
      run: ["deno", "web.ts"],
      cwd: "web",
      env: { A: "base", B: "over", C: "last" },
      needs: ["db", "cache"],
    });
    expect(lay("mesh: [./local, ./mesh]").value?.mesh).toEqual(["./mesh", "./local"]);
  });

  it("merge ports with the same name", () => {
    expect(
      web("services: { web: { ports: [{ name: http, target: 3000 }, 9000/tcp, 9001/tcp] } }")?.ports,
    ).toMatchObject([{ name: "http", port: 80, target: 3000 }, { port: 9000 }, { port: 9001 }]);
  });

  it("merge a list with a map where either may be written", () => {
    const { value } = lay("services:\n  web: { needs: { cache: completed } }\n  cache: { run: x }");
    expect(value?.value).toMatchObject({ services: { web: { needs: { db: "ready", cache: "completed" } } } });
    expect(value?.locate("services.web.needs.db").at).toMatchObject({ file: "meshdev.yaml", line: 6 });
    expect(value?.locate("services.web.needs.cache").at).toMatchObject({ file: "over1.yaml", line: 2 });
    const back = lay("services: { web: { needs: { db: started } } }", "services: { web: { needs: [db] } }").value;
    expect(back?.value).toMatchObject({ services: { web: { needs: { db: "ready" } } } });
    expect(back?.locate("services.web.needs.db").at).toMatchObject({ file: "over2.yaml" });
  });

  it("merge variables of compose files by name, however they are written", () => {
    const file = (path: string, environment: string): { readonly path: string; readonly text: string } => ({
      path,
      text: `services: { a: { image: x, environment: ${environment} } }`,
    });
    const { value } = parseProject(file("compose.yaml", "[A=1, B=1, C=1]"), {}, [
      file("compose.override.yaml", "{ B: 2 }"),
      file("compose.ci.yaml", "[C=3]"),
    ]);
    expect(value?.services[0]?.env).toEqual({ A: "1", B: "2", C: "3" });
  });

  it("replace with !override and remove with !reset", () => {
    const spec = web("services: { web: { env: !override { Z: only }, needs: !reset [], ports: !override [8081] } }");
    expect(spec).toMatchObject({ env: { Z: "only" }, needs: undefined, ports: [{ port: 8081 }] });
    expect(lay("services: { db: !reset null, web: { needs: !reset [] } }").value?.services).toHaveLength(1);
  });

  it("may be empty, and a second one sees the first", () => {
    expect(web("# nothing yet\n", "services: { web: { cwd: x } }")?.cwd).toBe("x");
    expect(web("services:\n  web:\n")?.env).toEqual({ A: "base", B: "base" });
  });

  it.each([
    ["services:\n  web:\n    prot: 1", "over1.yaml", 3, 5],
    ["services:\n  web:\n    env: { A: [1] }", "over1.yaml", 3, 12],
    ["services:\n  web:\n    needs: [{}]", "over1.yaml", 3, 13],
    ["services:\n  web:\n    ports: [9001, {name: http, port: none}]", "over1.yaml", 3, 38],
    ["services: [", "over1.yaml", 1, 12],
    ["a: 1\n---\nb: 2", "over1.yaml", 3, 1],
    ["- list", "over1.yaml", 1, 1],
    ["services: { web: { ports: { a: 1 } } }", "over1.yaml", 1, 20],
  ])("%j: what is wrong is where it is written", (text, file, line, column) => {
    expect(lay(text).problems[0]?.at).toEqual({ file, line, column });
  });

  it("leave what they do not touch where it is written", () => {
    const { value } = lay("services: { web: { env: { B: x }, ports: [7000] } }");
    expect(value?.locate("services.web.env.A").at).toEqual({ file: "meshdev.yaml", line: 4, column: 15 });
    expect(value?.locate("services.web.env.B").at).toMatchObject({ file: "over1.yaml", line: 1 });
    expect(value?.locate("services.web.ports[0].port").at).toMatchObject({ file: "meshdev.yaml", line: 5 });
    expect(value?.locate("services.web.ports[2]").at).toMatchObject({ file: "over1.yaml", line: 1 });
  });

  it("change nothing when they say the same", () => {
    const plain = parseProject({ path: "meshdev.yaml", text: base }, {}).value;
    const twice = lay(base).value;
    expect(JSON.stringify(twice?.services.map(({ at: _at, ...rest }) => rest))).toBe(
      JSON.stringify(plain?.services.map(({ at: _at, ...rest }) => rest)),
    );
  });

  it("never crash, whatever they are", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: base.length }), fc.string({ maxLength: 4 }), (at, junk) => {
        const { value, problems } = lay(base.slice(0, at) + junk + base.slice(at));
        expect(value === undefined).toBe(problems.some(({ severity }) => severity === "error"));
      }),
      { numRuns: 200 },
    );
  });
});
