import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { positionOf } from "../../../runtime/model/resource.ts";
import { parseDocuments } from "../../../runtime/config/documents.ts";
import { meshYaml, onlyDocument, problemsOf, resourcesOf } from "./yaml-samples.ts";

function rule(port: string): string {
  return `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: a }\nspec: { rules: [{ to: [{ operation: { ports: [${port}] } }] }] }\n`;
}

describe("a valid file", () => {
  it("becomes resources with unmodified specs", () => {
    const [peer, policy] = resourcesOf(meshYaml);
    expect(peer).toMatchObject({
      kind: "PeerAuthentication",
      namespace: "default",
      name: "backend",
      spec: { mtls: { mode: "STRICT" } },
    });
    expect(policy).toMatchObject({
      kind: "AuthorizationPolicy",
      namespace: "shop",
      labels: { team: "red" },
      createdAt: 1_700_000_000_000,
    });
  });

  it("knows where every field stands: scalars by value, blocks by key, items by their start", () => {
    const [peer, policy] = resourcesOf(meshYaml);
    if (peer === undefined || policy === undefined) throw new Error("two resources expected");
    const lines = meshYaml.split("\n");
    const textAt = (resource: typeof peer, field: string): string => {
      const { line, column } = positionOf(resource, field);
      return lines[line - 1]?.slice(column - 1) ?? "";
    };
    expect(textAt(peer, "spec.mtls.mode")).toBe("STRICT");
    expect(textAt(peer, "spec.mtls")).toBe("mtls:");
    expect(textAt(policy, "spec.rules[0]")).toBe("from:");
    expect(textAt(policy, "spec.rules[0].from[0].source.principals[1]")).toBe('"cluster.local/ns/default/sa/b"]');
    expect(textAt(policy, "spec.rules[1].to[0].operation.methods")).toBe('methods: ["GET"]');
    // A field that is not written is where its parent is.
    expect(textAt(policy, "spec.rules[1].when[0].key")).toBe("to:");
  });

  it("counts positions per file, not per document, and survives BOM and CRLF", () => {
    const text = `\uFEFF${meshYaml.replaceAll("\n", "\r\n")}`;
    const [peer] = resourcesOf(text);
    expect(peer && positionOf(peer, "spec.mtls.mode")).toEqual({ file: "mesh.yaml", line: 8, column: 11 });
  });

  it("skips empty documents and opens Lists, keeping their lines", () => {
    const text = `---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n  - apiVersion: security.istio.io/v1\n    kind: PeerAuthentication\n    metadata: { name: one }\n    spec: { mtls: { mode: STRICT } }\n  - apiVersion: v1\n    kind: Namespace\n    metadata: { name: shop }\n---\n`;
    const [peer, namespace] = resourcesOf(text);
    expect(peer && positionOf(peer, "spec.mtls.mode")).toMatchObject({ line: 10 });
    expect(namespace).toMatchObject({ kind: "Namespace", name: "shop", namespace: "" });
  });

  it("reads JSON, tabs included", () => {
    const text = JSON.stringify(
      {
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: { name: "a" },
        spec: { mtls: { mode: "STRICT" } },
      },
      null,
      "\t",
    );
    expect(resourcesOf(text)).toHaveLength(1);
  });

  it("follows anchors, aliases and merge keys", () => {
    const text = `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: a }\nspec:\n  rules:\n    - to: [&get { operation: &op { methods: [GET] } }]\n    - to: [*get, { operation: { <<: *op, paths: [/x] } }]\n`;
    expect(resourcesOf(text)[0]?.spec).toEqual({
      rules: [
        { to: [{ operation: { methods: ["GET"] } }] },
        { to: [{ operation: { methods: ["GET"] } }, { operation: { methods: ["GET"], paths: ["/x"] } }] },
      ],
    });
  });

  it("keeps keys that are names of object methods as data", () => {
    const text = `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: a, labels: { constructor: x } }\nspec: { selector: { matchLabels: { toString: z } } }\n`;
    expect(resourcesOf(text)[0]).toMatchObject({
      labels: { constructor: "x" },
      spec: { selector: { matchLabels: { toString: "z" } } },
    });
  });

  it("lets kinds of other groups pass uninterpreted", () => {
    const text = `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: a }\nspec: { whatever: [1, null] }\n`;
    expect(resourcesOf(text)[0]).toMatchObject({ kind: "Rollout", apiVersion: "argoproj.io/v1alpha1" });
  });
});

describe("a wrong value", () => {
  it("is shown with a caret, the allowed values and a suggestion", () => {
    const [problem] = problemsOf(meshYaml.replace("STRICT", "PERMISIVE"));
    expect(problem).toMatchObject({
      code: "MD1007",
      severity: "error",
      resource: "PeerAuthentication default/backend",
      field: "spec.mtls.mode",
      hint: "PERMISIVE: did you mean PERMISSIVE?",
      at: { file: "mesh.yaml", line: 8, column: 11 },
      excerpt: { text: "    mode: PERMISIVE", from: 10, to: 19 },
    });
    expect(problem?.message).toContain("UNSET, DISABLE, PERMISSIVE, STRICT");
  });

  it.each([
    ["an unknown field", "  mtls:\n", "  mTls:\n", "MD1006", "spec.mTls", "mTls: did you mean mtls?"],
    [
      "a kind with a typing error",
      "kind: PeerAuthentication",
      "kind: PeerAuthentification",
      "MD1005",
      "kind",
      "PeerAuthentification: did you mean PeerAuthentication?",
    ],
    [
      "a version that does not exist",
      "security.istio.io/v1\nkind: Peer",
      "security.istio.io/v2\nkind: Peer",
      "MD1005",
      "apiVersion",
      "write apiVersion: security.istio.io/v1",
    ],
    [
      "the wrong group",
      "security.istio.io/v1\nkind: Peer",
      "networking.istio.io/v1\nkind: Peer",
      "MD1005",
      "apiVersion",
      "write apiVersion: security.istio.io/v1",
    ],
    [
      "a group with a typing error",
      "security.istio.io/v1\nkind: Peer",
      "securty.istio.io/v1\nkind: Peer",
      "MD1005",
      "apiVersion",
      "securty.istio.io: did you mean security.istio.io?",
    ],
    ["no name", "  name: backend\n", "  labels: {}\n", "MD1004", "metadata.name", "give the resource a name"],
    [
      "a name that Kubernetes refuses",
      "name: backend",
      "name: Back_End",
      "MD1007",
      "metadata.name",
      "use lower case letters, digits, - and .",
    ],
    [
      "a key outside of spec",
      "spec:\n  selector:",
      "selector: {}\nspec:\n  selector:",
      "MD1006",
      "selector",
      "fields of the resource belong below spec",
    ],
  ])("%s", (_, from, to, code, field, hint) => {
    expect(meshYaml).toContain(from);
    const problems = problemsOf(meshYaml.replace(from, to));
    expect(problems).toEqual([expect.objectContaining({ code, field, hint, severity: "error" })]);
    expect(resourcesOf(meshYaml.replace(from, to)).map((resource) => resource.name)).toEqual(["backend-allow"]);
  });

  it("that a rule of the schema and the webhook refuse is told by both, each at its place", () => {
    const text =
      "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: a }\nspec:\n  portLevelMtls: { 8080: { mode: STRICT } }\n";
    expect(problemsOf(text)).toEqual([
      expect.objectContaining({ code: "MD1012", field: "spec", message: "spec: portLevelMtls requires selector" }),
      expect.objectContaining({
        code: "MD1008",
        field: "spec.portLevelMtls",
        message: "mesh/namespace peer authentication cannot have port level mTLS",
        hint: "add a selector, or move the ports to a policy with one",
      }),
    ]);
  });

  it.each([
    ["a list", "- a\n- b\n"],
    ["a scalar", "hello\n"],
    ["a map without kind", "apiVersion: v1\nmetadata: { name: a }\n"],
    ["a map without apiVersion", "kind: Service\nmetadata: { name: a }\n"],
    ["no metadata", "apiVersion: v1\nkind: Service\n"],
  ])("a document that is %s is no Kubernetes object", (_, text) => {
    expect(problemsOf(text)).toEqual([expect.objectContaining({ code: "MD1004" })]);
    expect(onlyDocument(text).resource).toBeUndefined();
  });

  it("knows Kubernetes' booleans: an unquoted yes is no string", () => {
    expect(
      problemsOf(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: a }\nspec: { host: yes }\n",
      ),
    ).toEqual([expect.objectContaining({ code: "MD1007", field: "spec.host" })]);
  });

  it("counts a port in quotes as meant, and one without as wrong", () => {
    expect(problemsOf(rule('"8080"'))).toEqual([]);
    expect(problemsOf(rule("8080"))[0]).toMatchObject({ code: "MD1007", hint: 'write it in quotes: "8080"' });
  });

  it("does not stop at the first", () => {
    const text = meshYaml.replace("STRICT", "STRIKT").replace("principals", "principal").replace('["GET"]', '[""]');
    expect(problemsOf(text).map((problem) => problem.code)).toEqual(["MD1007", "MD1006"]);
    const other = meshYaml.replace("STRICT", "STRIKT").replace('["GET"]', '[""]');
    expect(problemsOf(other).map((problem) => problem.code)).toEqual(["MD1007", "MD1008"]);
  });
});

describe("a file that is no YAML", () => {
  it.each([
    ["an unclosed bracket", "apiVersion: [v1\nkind: Service\n"],
    ["a tab as indentation", "spec:\n\tmtls: {}\n"],
    ["an unknown alias", "a: *nowhere\n"],
    ["bad indentation", "a:\n  b: 1\n c: 2\n"],
    ["deep nesting", "[".repeat(50_000)],
  ])("%s breaks the whole file", (_, text) => {
    const parsed = parseDocuments({ path: "mesh.yaml", text: `${text}\n---\n${meshYaml}` });
    expect(parsed).toMatchObject({ broken: true, documents: [] });
    expect(parsed.problems[0]).toMatchObject({ code: "MD1001", severity: "error", at: { file: "mesh.yaml" } });
  });

  it("says that tabs do not indent", () => {
    expect(problemsOf("spec:\n\tmtls: {}\n")[0]?.hint).toContain("indent with spaces");
  });

  it("a key written twice is a fault of its document alone", () => {
    const text = meshYaml.replace("    mode: STRICT", "    mode: STRICT\n    mode: DISABLE");
    expect(problemsOf(text)).toEqual([
      expect.objectContaining({ code: "MD1009", at: expect.objectContaining({ line: 9 }) }),
    ]);
    expect(resourcesOf(text).map((resource) => resource.name)).toEqual(["backend-allow"]);
  });

  it("aliases that multiply end in a problem, not in memory", () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `l${level + 1}: &l${level + 1} [${Array.from({ length: 10 }, () => `*l${level}`).join(", ")}]`,
    );
    const text = `apiVersion: v1\nkind: Service\nmetadata: { name: a }\nl0: &l0 [x]\n${levels.join("\n")}\n`;
    expect(problemsOf(text).map((problem) => problem.code)).toContain("MD1010");
    expect(resourcesOf(text)).toEqual([]);
  });

  it("an alias inside its own anchor ends too", () => {
    const parsed = parseDocuments({
      path: "mesh.yaml",
      text: "apiVersion: v1\nkind: Service\nmetadata: &m { name: a, labels: { x: *m } }\n",
    });
    expect(parsed.documents.every((document) => document.resource === undefined)).toBe(true);
  });

  it("a file of many megabytes is refused unread", () => {
    expect(problemsOf("a: b\n".repeat(2_000_000))).toEqual([expect.objectContaining({ code: "MD1010" })]);
  });

  it("never crashes, wherever a file is cut, and whatever is put in", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: meshYaml.length }),
        fc.integer({ min: 0, max: 20 }),
        fc.string({ unit: "binary", maxLength: 12 }),
        (at, gap, junk) => {
          const parsed = parseDocuments({
            path: "mesh.yaml",
            text: meshYaml.slice(0, at) + junk + meshYaml.slice(at + gap),
          });
          for (const document of parsed.documents)
            expect(document.resource === undefined).toBe(
              document.problems.some((problem) => problem.severity === "error"),
            );
          expect(parsed.broken && parsed.documents.length > 0).toBe(false);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("a cut file never gains a document", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: meshYaml.length }), (at) => {
        const names = resourcesOf(meshYaml.slice(0, at)).map((resource) => resource.name);
        for (const name of names) expect("backend-allow").toContain(name.slice(0, 7));
      }),
    );
  });
});

describe("positions", () => {
  it("lead back to the value that stands there", () => {
    const scalar = fc.oneof(fc.integer({ min: 0, max: 9999 }), fc.stringMatching(/^[a-z]{1,8}$/));
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        scalar,
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie("node"), { maxKeys: 3 }),
      ),
    })).node;
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), value, { minKeys: 1, maxKeys: 4 }), (spec) => {
        const text = JSON.stringify(
          { apiVersion: "example.org/v1", kind: "Thing", metadata: { name: "a" }, spec },
          null,
          2,
        );
        const [resource] = resourcesOf(text);
        expect(resource?.spec).toEqual(spec);
        const lines = text.split("\n");
        for (const [path, [line, column]] of Object.entries(resource?.positions.at ?? {})) {
          const leaf = path
            .split(/[.[\]]+/)
            .filter((part) => part !== "")
            .reduce<unknown>(
              (node, key) => (typeof node === "object" && node !== null ? Reflect.get(node, key) : undefined),
              JSON.parse(text),
            );
          const scalar = typeof leaf === "string" || typeof leaf === "number";
          expect(lines[line - 1]?.slice(column - 1)).toContain(scalar ? JSON.stringify(leaf) : "");
        }
      }),
      { numRuns: 60 },
    );
  });
});
