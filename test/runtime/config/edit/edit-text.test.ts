import { describe, expect, it } from "vitest";
import { editFile, type DocumentEdit } from "../../../../runtime/config/edit/edit-text.ts";
import type { FieldEdit } from "../../../../runtime/config/edit/field-edit.ts";

function edited(text: string, ...edits: readonly (FieldEdit | DocumentEdit)[]): string | undefined {
  const given = edits.map((edit) => ("document" in edit ? edit : { document: 0, edit }));
  return editFile({ path: "mesh/p.yaml", text }, given)?.text;
}

const head = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: p, namespace: default }
spec:
`;

function policy(...lines: readonly string[]): string {
  return `${head}${lines.map((line) => `  ${line}\n`).join("")}`;
}

const methods = ["spec", "rules", 0, "to", 0, "operation", "methods"] as const;

describe("a value more", () => {
  it.each<readonly [what: string, before: readonly string[], after: readonly string[]]>([
    [
      "in brackets, quoted as its neighbours",
      ["rules:", "- to:", `  - operation: { methods: ["GET", 'HEAD'] } # reads`],
      ["rules:", "- to:", `  - operation: { methods: ["GET", 'HEAD', 'POST'] } # reads`],
    ],
    [
      "on a line of its own, before the comments that follow",
      ["rules:", "  - to:", "      - operation:", "          methods:", "          - GET # reads", "  # end"],
      [
        "rules:",
        "  - to:",
        "      - operation:",
        "          methods:",
        "          - GET # reads",
        "          - POST",
        "  # end",
      ],
    ],
    [
      "in brackets over several lines",
      ["rules:", "- to:", "  - operation:", "      methods: [", '        "GET"', "      ]"],
      ["rules:", "- to:", "  - operation:", "      methods: [", '        "GET",', '        "POST"', "      ]"],
    ],
    [
      "in empty brackets",
      ["rules:", "- to:", "  - operation:", "      methods: []", '      paths: ["/"]'],
      ["rules:", "- to:", "  - operation:", '      methods: ["POST"]', '      paths: ["/"]'],
    ],
    [
      "in a list that was not there",
      ["rules:", "- to:", "  - operation:", '      paths: ["/a"]', "", "# end"],
      ["rules:", "- to:", "  - operation:", '      paths: ["/a"]', '      methods: ["POST"]', "", "# end"],
    ],
    [
      "in a map in braces",
      ["rules: [{ to: [{ operation: { paths: [/a] } }] }]"],
      ["rules: [{ to: [{ operation: { paths: [/a], methods: [POST] } }] }]"],
    ],
  ])("%s", (_what, before, after) => {
    expect(edited(policy(...before), { kind: "append", path: methods, value: "POST" })).toBe(policy(...after));
  });

  it("keeps Windows' line ends, a byte order mark, and a missing last line break", () => {
    const before = `\uFEFF${policy("rules:", "- to:", "  - operation:", "      methods:", "      - GET").trimEnd()}`;
    expect(edited(before, { kind: "append", path: methods, value: "POST" })).toBe(`${before}\n        - POST`);
    const windows = before.replaceAll("\n", "\r\n");
    expect(edited(windows, { kind: "append", path: methods, value: "POST" })).toBe(`${windows}\r\n        - POST`);
  });

  it("is quoted when YAML would read something else", () => {
    const before = policy("rules:", "- to:", "  - operation:", "      methods:", "      - GET");
    for (const value of ["y", "No", "8080", "a: b", "", "*", "é\n", "- x", "null", "~"]) {
      const text = edited(before, { kind: "append", path: methods, value });
      expect(text).toMatch(/\n {8}- "[^\n]*"\n$/);
    }
  });
});

describe("a rule more", () => {
  const rule = {
    from: [{ source: { principals: ["cluster.local/ns/default/sa/web"] } }],
    to: [{ operation: { methods: ["POST"], ports: ["8080"] } }],
  };

  it("is written as the rules before it", () => {
    const before = policy("rules:", "  - to:", "      - operation:", '          methods: ["GET"]', "  # end");
    expect(edited(before, { kind: "append", path: ["spec", "rules"], value: rule })).toBe(
      policy(
        "rules:",
        "  - to:",
        "      - operation:",
        '          methods: ["GET"]',
        "  - from:",
        "      - source:",
        '          principals: ["cluster.local/ns/default/sa/web"]',
        "    to:",
        "      - operation:",
        '          methods: ["POST"]',
        '          ports: ["8080"]',
        "  # end",
      ),
    );
  });

  it("is the first one of a policy without rules", () => {
    expect(edited(policy("action: ALLOW"), { kind: "append", path: ["spec", "rules"], value: {} })).toBe(
      policy("action: ALLOW", "rules:", "  - {}"),
    );
    expect(edited(head.replace("spec:", "spec: {}"), { kind: "append", path: ["spec", "rules"], value: {} })).toBe(
      head.replace("spec:", "spec: { rules: [{}] }"),
    );
  });

  it("in JSON is JSON", () => {
    const before = JSON.stringify({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "p" },
      spec: { rules: [{}] },
    });
    const text = edited(before, { kind: "append", path: ["spec", "rules"], value: rule }) ?? "";
    expect(JSON.parse(text)).toMatchObject({ spec: { rules: [{}, rule] } });
  });
});

describe("less", () => {
  it.each<
    readonly [what: string, before: readonly string[], path: readonly (string | number)[], after: readonly string[]]
  >([
    ["an item in brackets", ["rules: [{ to: [] }, {}, {}]"], ["spec", "rules", 1], ["rules: [{ to: [] }, {}]"]],
    ["the last in brackets", ["rules: [{ to: [] }, {}]"], ["spec", "rules", 1], ["rules: [{ to: [] }]"]],
    [
      "an item on lines, not the comment above it",
      ["rules:", "# one", "- to:", "  - operation: {}", "# two", "- {}"],
      ["spec", "rules", 0],
      ["rules:", "# one", "# two", "- {}"],
    ],
    ["an entry", ["action: DENY", "rules: [{}]"], ["spec", "action"], ["rules: [{}]"]],
    [
      "an entry beside a dash",
      ["rules:", "- from: []", "  to: []"],
      ["spec", "rules", 0, "from"],
      ["rules:", "- to: []"],
    ],
  ])("%s", (_what, before, path, after) => {
    expect(edited(policy(...before), { kind: "remove", path })).toBe(policy(...after));
  });
});

describe("other changes", () => {
  it("replace a scalar as it is quoted, and make what is missing above", () => {
    const before = policy("mtls:", '  mode: "STRICT" # for all');
    expect(edited(before, { kind: "set", path: ["spec", "mtls", "mode"], value: "PERMISSIVE" })).toBe(
      policy("mtls:", '  mode: "PERMISSIVE" # for all'),
    );
    expect(edited(before, { kind: "set", path: ["spec", "portLevelMtls", "8080", "mode"], value: "PERMISSIVE" })).toBe(
      policy("mtls:", '  mode: "STRICT" # for all', "portLevelMtls:", '  "8080":', "    mode: PERMISSIVE"),
    );
  });

  it("add a document to a file, also of several, and one after the other", () => {
    const value = { apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } };
    const text = policy("rules: [{}]");
    expect(
      edited(
        text,
        { document: "new", value },
        { document: 1, edit: { kind: "set", path: ["metadata", "name"], value: "b" } },
      ),
    ).toBe(`${text}---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: b\n`);
  });

  it("reach an item of a List", () => {
    const text = `kind: List\napiVersion: v1\nitems:\n- kind: A\n  apiVersion: x/v1\n  metadata: {name: a}\n- kind: A\n  apiVersion: x/v1\n  metadata: {name: b}\n`;
    expect(edited(text, { document: 1, edit: { kind: "set", path: ["metadata", "name"], value: "c" } })).toBe(
      text.replace("name: b", "name: c"),
    );
  });

  it("are refused where the text would mean more or less", () => {
    const shared = policy("rules:", "- to: &a", "  - operation: { methods: [GET] }", "- to: *a");
    expect(edited(shared, { kind: "append", path: methods, value: "POST" })).toBeUndefined();
    expect(
      edited(shared, { kind: "append", path: ["spec", "rules", 1, "to", 0, "operation", "methods"], value: "x" }),
    ).toBeUndefined();
    expect(edited(policy("rules: [{}]"), { kind: "remove", path: ["spec", "rules", 3] })).toBeUndefined();
    expect(edited("a: [", { kind: "append", path: ["a"], value: "x" })).toBeUndefined();
  });
});
