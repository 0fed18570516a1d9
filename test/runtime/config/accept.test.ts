import { describe, expect, it } from "vitest";
import { acceptFiles, type Accepted } from "../../../runtime/config/accept.ts";
import { parseDocuments } from "../../../runtime/config/documents.ts";

type Files = Readonly<Record<string, string>>;

function accept(previous: Accepted | undefined, files: Files): Accepted {
  return acceptFiles(
    previous,
    Object.entries(files).map(([path, text]) => parseDocuments({ path, text })),
  );
}

function peer(name: string, mode: string): string {
  return `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: ${name}\nspec:\n  mtls:\n    mode: ${mode}\n`;
}

/** `name=mode` of everything in force. */
function inForce(accepted: Accepted): readonly string[] {
  return accepted.resources.map(
    (resource) => `${resource.name}=${/"mode":"(\w+)"/.exec(JSON.stringify(resource.spec))?.[1] ?? ""}`,
  );
}

const two = `${peer("a", "STRICT")}---\n${peer("b", "STRICT")}`;

describe("without an earlier version", () => {
  it("takes what is valid and names what is missing", () => {
    const accepted = accept(undefined, { "m.yaml": `${peer("a", "STRICT")}---\n${peer("b", "STRIKT")}` });
    expect(inForce(accepted)).toEqual(["a=STRICT"]);
    expect(accepted.missing).toEqual([
      { label: "PeerAuthentication default/b", at: { file: "m.yaml", line: 9, column: 1 } },
    ]);
    expect(accepted.problems[0]?.hint).not.toContain("last valid");
  });

  it("misses every document of a file that cannot be parsed", () => {
    const accepted = accept(undefined, { "m.yaml": "a: [\n", "n.yaml": peer("a", "STRICT") });
    expect(inForce(accepted)).toEqual(["a=STRICT"]);
    expect(accepted.missing).toEqual([expect.objectContaining({ label: "every document" })]);
  });

  it("does not forget that something is missing while it stays invalid", () => {
    const first = accept(undefined, { "m.yaml": peer("a", "STRIKT") });
    const second = accept(first, { "m.yaml": peer("a", "STRIKT"), "n.yaml": peer("b", "STRICT") });
    expect(second.missing).toHaveLength(1);
    expect(accept(second, { "m.yaml": peer("a", "STRICT") }).missing).toEqual([]);
  });
});

describe("with an earlier version", () => {
  const before = accept(undefined, { "m.yaml": two });

  it("an invalid document keeps its last valid version while its neighbours go live", () => {
    const after = accept(before, { "m.yaml": `${peer("a", "PERMISIVE")}---\n${peer("b", "PERMISSIVE")}` });
    expect(inForce(after)).toEqual(["a=STRICT", "b=PERMISSIVE"]);
    expect(after.missing).toEqual([]);
    expect(after.problems[0]?.hint).toBe("PERMISIVE: did you mean PERMISSIVE?; the last valid version stays in force");
  });

  it("a syntax error keeps every document of the file", () => {
    const after = accept(before, { "m.yaml": `${two}---\nbroken: [` });
    expect(inForce(after)).toEqual(["a=STRICT", "b=STRICT"]);
    expect(after.missing).toEqual([]);
  });

  it("a document or a file that is no longer written is gone", () => {
    expect(inForce(accept(before, { "m.yaml": peer("b", "STRICT") }))).toEqual(["b=STRICT"]);
    expect(inForce(accept(before, {}))).toEqual([]);
  });

  it("a document that no longer says its name keeps all that could be it", () => {
    const nameless = two.replace("kind: PeerAuthentication", "kind:");
    const after = accept(before, { "m.yaml": nameless });
    expect(inForce(after).toSorted()).toEqual(["a=STRICT", "b=STRICT"]);
    expect(after.missing).toEqual([]);
  });

  it("the last valid version survives several bad ones, and a move to another file", () => {
    const once = accept(before, { "m.yaml": `${peer("a", "X")}---\n${peer("b", "STRICT")}` });
    const moved = accept(once, { "m.yaml": peer("b", "STRICT"), "other.yaml": peer("a", "Y") });
    expect(inForce(moved)).toEqual(["b=STRICT", "a=STRICT"]);
    expect(inForce(accept(moved, { "m.yaml": peer("b", "STRICT"), "other.yaml": peer("a", "DISABLE") }))).toEqual([
      "b=STRICT",
      "a=DISABLE",
    ]);
  });

  it("a valid copy elsewhere beats a kept one", () => {
    const after = accept(before, { "m.yaml": "broken: [", "z.yaml": peer("a", "DISABLE") });
    expect(inForce(after).toSorted()).toEqual(["a=DISABLE", "b=STRICT"]);
    const earlier = accept(before, { "a.yaml": peer("a", "DISABLE"), "m.yaml": "broken: [" });
    expect(inForce(earlier).toSorted()).toEqual(["a=DISABLE", "b=STRICT"]);
  });
});

describe("the same resource twice", () => {
  it("the later document wins, in order of file names, and is warned about", () => {
    const accepted = accept(undefined, { "b.yaml": peer("a", "STRICT"), "a.yaml": peer("a", "DISABLE") });
    expect(inForce(accepted)).toEqual(["a=STRICT"]);
    expect(accepted.problems).toEqual([
      expect.objectContaining({ code: "MD2011", severity: "warning", at: { file: "b.yaml", line: 4, column: 9 } }),
    ]);
  });

  it("versions of one API are one resource", () => {
    const beta = peer("a", "DISABLE").replace("/v1\n", "/v1beta1\n");
    expect(inForce(accept(undefined, { "m.yaml": `${peer("a", "STRICT")}---\n${beta}` }))).toEqual(["a=DISABLE"]);
  });
});
