import { describe, expect, it } from "vitest";
import { parseProject } from "../../../runtime/config/project.ts";
import { resolve } from "../../../runtime/config/resolve.ts";
import { globBase } from "../../../runtime/config/watch-spec.ts";
import type { Checked } from "../../../runtime/core/problem.ts";
import type { Mesh } from "../../../runtime/model/mesh.ts";

function read(lines: string): Checked<Mesh> {
  const { value, problems } = parseProject({ path: "meshdev.yaml", text: `services: { a: { run: x, ${lines} } }` }, {});
  return value === undefined ? { problems } : resolve(value, [], { directory: "/p", env: {} });
}

describe("watch", () => {
  it.each([
    ['watch: "**/*.go"', { directory: "/p", paths: ["**/*.go"], ignore: [], debounceMs: 150 }],
    ["watch: [src, '!src/gen/**'], cwd: a", { directory: "/p/a", paths: ["src"], ignore: ["src/gen/**"] }],
    ["watch: { paths: [src], ignore: '*.log', debounce: 1s }", { paths: ["src"], ignore: ["*.log"], debounceMs: 1000 }],
    ["watch: [../lib/**], cwd: a", { paths: ["../lib/**"] }],
    ["watch: ['**'], cwd: /other", { directory: "/other", paths: ["**"] }],
  ])("%s", (line, rule) => {
    expect(read(line).value?.workloads[0]?.program?.watch).toMatchObject(rule);
  });

  it.each([
    ["watch: 7e", undefined],
    ["watch: [[]]", "services.a.watch[0]"],
    ["watch: { path: src }", "services.a.watch.path"],
    ["watch: { ignore: x }", "services.a.watch"],
    ["watch: { paths: x, debounce: soon }", "services.a.watch.debounce"],
    ["watch: [src, ../x/**]", "services.a.watch[1]"],
    ["watch: [/etc/**]", "services.a.watch[0]"],
    ["watch: [../../**], cwd: a", "services.a.watch[0]"],
    ["restart: sometimes", "services.a.restart"],
    ["restart: on-failure:x", "services.a.restart"],
  ])("%s is refused with its place", (line, field) => {
    const { value, problems } = read(line);
    if (field === undefined) expect(value?.workloads[0]?.program?.watch?.paths).toEqual(["7e"]);
    else
      expect(problems.find((problem) => problem.field === field)).toMatchObject({ severity: "error", at: { line: 1 } });
  });

  it.each([
    ["src/**/*.ts", "src"],
    ["*.ts", "."],
    ["src/main.ts", "src/main.ts"],
    ["/a/{b,c}/d", "/a"],
    ["/*", "/"],
    ["../x/y?", "../x"],
  ])("all that %s can match is below %s", (glob, base) => {
    expect(globBase(glob)).toBe(base);
  });
});

describe("restart", () => {
  it.each([
    ["always", { when: "always" }],
    ["on-failure", { when: "failure" }],
    ["on-failure:3", { when: "failure", most: 3 }],
    ["no", { when: "never" }],
    ["false", { when: "never" }],
  ])("%s", (text, policy) => {
    expect(read(`restart: ${text}`).value?.workloads[0]?.program?.restart).toEqual(policy);
  });
});
