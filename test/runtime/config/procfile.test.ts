import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { importProcfile, isProcfile } from "../../../runtime/config/procfile.ts";
import { parseProject } from "../../../runtime/config/project.ts";

const text = `# programs
web: bundle exec puma -p $PORT

Worker_Mail:   node worker.mjs
api: ./api --port=\${PORT:-80}
`;

describe("a Procfile", () => {
  it("is a project whose listeners have foreman's ports", () => {
    const { value, problems } = parseProject({ path: "Procfile", text }, {});
    expect(problems).toEqual([]);
    expect(value?.services).toMatchObject([
      {
        key: "web",
        run: "bundle exec puma -p $PORT",
        ports: [{ port: 5000 }],
        publish: [{ hostPort: 5000 }],
        at: { line: 2 },
      },
      {
        key: "worker-mail",
        run: "node worker.mjs",
        ports: undefined,
        env: { PORT: "5100" },
        at: { line: 4, column: 1 },
      },
      { key: "api", ports: [{ port: 5200 }] },
    ]);
    expect(value?.locate("services.worker-mail.run").at).toEqual({ file: "Procfile", line: 4, column: 16 });
  });

  it("may have files laid over it", () => {
    const over = { path: "meshdev.local.yaml", text: "services: { worker-mail: { port: 7000, needs: [web] } }" };
    const { value } = parseProject({ path: "/p/Procfile.dev", text }, {}, [over]);
    expect(value?.services[1]).toMatchObject({ run: "node worker.mjs", ports: [{ port: 7000 }], needs: ["web"] });
  });

  it("is printed as the project file that says the same", () => {
    const { yaml } = importProcfile({ path: "Procfile", text });
    const printed = parseProject({ path: "meshdev.yaml", text: yaml }, {});
    const read = parseProject({ path: "Procfile", text }, {});
    expect(printed.value?.value).toEqual(read.value?.value);
    expect(yaml).toContain("  web:\n    run: bundle exec puma -p $PORT\n    port: 5000\n    publish: 5000\n");
  });

  it.each([
    ["web node web.mjs", 1],
    ["web: a\nweb: b", 2],
    ["web: a\nWEB: b", 2],
    ["a: x\n-b: y", 2],
    ["web:", 1],
  ])("%j has a fault with its line", (source, line) => {
    const { value, problems } = parseProject({ path: "Procfile", text: source }, {});
    expect(value).toBeUndefined();
    expect(problems).toMatchObject([{ code: "MD1016", severity: "error", at: { file: "Procfile", line } }]);
  });

  it("never crashes, and is known by its name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (source) => void importProcfile({ path: "Procfile", text: source })),
    );
    expect(["Procfile", "a/Procfile.dev", "procfile.yaml", "Procfiles"].map(isProcfile)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
