import { describe, expect, it } from "vitest";
import { loadMesh, type LoadInput, type Loaded } from "../../../runtime/control/load.ts";
import { requireNone, requireStartable } from "../../../runtime/control/start-check.ts";
import { exitOf } from "./exit-of.ts";
import { startError, startFailure } from "../../../runtime/control/start-report.ts";
import { MeshError } from "../../../runtime/core/error.ts";

const project = "services:\n  web: {run: [node, web.mjs], port: 8080}\nmesh: ./mesh\n";
const peer = (mode: string): string =>
  `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default}\nspec: {mtls: {mode: ${mode}}}\n`;

function input(files: Readonly<Record<string, string>>): LoadInput {
  return {
    directory: "/p",
    paths: { files: ["meshdev.yaml"], dotenv: [], optional: [], profiles: [] },
    files: Object.entries(files).map(([path, text]) => ({ path, text })),
    env: {},
    problems: [],
  };
}

function load(
  previous: Loaded | undefined,
  files: Readonly<Record<string, string>>,
): { readonly loaded: Loaded; readonly complete: boolean } {
  const result = loadMesh(previous, input(files));
  if (result.kind === "rejected") throw new Error(JSON.stringify(result.problems));
  return result;
}

const modeOf = ({ mesh }: Loaded): unknown => mesh.policies.peerAuthentications.map((each) => each.spec.mtls?.mode);

describe("loading", () => {
  it("keeps the last valid version of a document, a broken file and the project file", () => {
    const first = load(undefined, { "meshdev.yaml": project, "mesh/peer.yaml": peer("STRICT") });
    expect(first.complete).toBe(true);
    expect(modeOf(first.loaded)).toEqual(["STRICT"]);
    for (const text of [peer("STRIKT"), `${peer("PERMISSIVE")}broken: [`]) {
      const second = load(first.loaded, { "meshdev.yaml": project, "mesh/peer.yaml": text });
      expect(second.complete).toBe(false);
      expect(modeOf(second.loaded)).toEqual(["STRICT"]);
    }
    for (const files of [
      { "mesh/peer.yaml": peer("DISABLE") },
      { "meshdev.yaml": "services: [", "mesh/peer.yaml": peer("DISABLE") },
    ]) {
      const third = load(first.loaded, files);
      expect(third.complete).toBe(false);
      expect(third.loaded.mesh.workloads.map(({ id }) => id)).toEqual(["web-1"]);
      expect(modeOf(third.loaded)).toEqual(["DISABLE"]);
    }
  });

  it("removes what is no longer written, and parses nothing twice", () => {
    const files = {
      "meshdev.yaml": project,
      "mesh/peer.yaml": peer("STRICT"),
      "mesh/other.yaml": peer("STRICT").replace("default", "other"),
    };
    const first = load(undefined, files).loaded;
    const { "mesh/other.yaml": _, ...rest } = files;
    const second = load(first, rest).loaded;
    expect(modeOf(second)).toEqual(["STRICT"]);
    expect(second.parsed.get("mesh/peer.yaml")).toBe(first.parsed.get("mesh/peer.yaml"));
    expect(second.project).toBe(first.project);
  });

  it("has nothing to fall back to at the start", () => {
    expect(loadMesh(undefined, input({}))).toMatchObject({ kind: "rejected", problems: [{ code: "MD1003" }] });
    const result = loadMesh(undefined, input({ "meshdev.yaml": project, "mesh/peer.yaml": peer("STRIKT") }));
    expect(result).toMatchObject({
      kind: "loaded",
      complete: false,
      loaded: { missing: ["PeerAuthentication default/default"] },
    });
    expect(() => requireStartable(result, { allowInvalid: false, services: [] })).toThrow(MeshError);
    expect(requireStartable(result, { allowInvalid: true, services: ["web"] }).mesh.name).not.toBe("");
    expect(() => requireStartable(result, { allowInvalid: true, services: ["nobody"] })).toThrow("nobody");
    expect(() => requireStartable(loadMesh(undefined, input({})), { allowInvalid: true, services: [] })).toThrow(
      "one error",
    );
    expect(() => {
      requireNone([]);
    }).not.toThrow();
  });
});

describe("a start that fails", () => {
  it.each([
    ["MD1001", 3],
    ["MD2001", 3],
    ["MD3001", 8],
    ["MD4001", 5],
    ["MD4002", 6],
    ["MD5001", 7],
    ["MD6001", 8],
    ["MD6003", 7],
    ["MD7005", 7],
    ["MD7006", 2],
    ["MD7008", 6],
  ] as const)("%s means exit code %i", (code, exit) => {
    expect(exitOf(code)).toBe(exit);
  });

  it("crosses the pipe whole", () => {
    const error = new MeshError("MD1001", "m", {
      hint: "h",
      at: { file: "f", line: 1, column: 2 },
      problems: [{ code: "MD1001", severity: "error", message: "p" }],
    });
    const failure = startFailure(error);
    expect(startError(failure)).toMatchObject({
      code: "MD1001",
      message: "m",
      hint: "h",
      at: { line: 1 },
      problems: [{ message: "p" }],
    });
    expect(startError(startFailure(new MeshError("MD1001", "m")))).toMatchObject({ hint: undefined, at: undefined });
    expect(startFailure(new TypeError("oops"))).toMatchObject({
      code: "MD9001",
      exit: 1,
      message: expect.stringContaining("oops"),
    });
    expect(startFailure("text")).toMatchObject({ code: "MD9001", message: "text" });
  });

  it("takes another number of instances over the project file's, edit by edit", () => {
    const ids = (result: ReturnType<typeof loadMesh>): readonly string[] =>
      result.kind === "loaded" ? result.loaded.mesh.workloads.map(({ id }) => id) : [];
    const scaled = { ...input({ "meshdev.yaml": project }), scales: new Map([["web", 2]]) };
    const first = loadMesh(undefined, scaled);
    expect(ids(first)).toEqual(["web-1", "web-2"]);
    if (first.kind === "rejected") throw new Error("rejected");
    const edited = project.replace("port: 8080", "port: 8080, instances: 5");
    expect(ids(loadMesh(first.loaded, { ...scaled, files: [{ path: "meshdev.yaml", text: edited }] }))).toHaveLength(2);
    expect(ids(loadMesh(first.loaded, { ...scaled, scales: new Map() }))).toEqual(["web-1"]);
  });
});
