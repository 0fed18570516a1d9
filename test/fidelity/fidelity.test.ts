import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { unenforced, unenforcedMeshConfig } from "../../runtime/config/enforcement.ts";
import { proofs } from "../../runtime/config/fidelity/proofs.ts";
import { type FidelityRow, fidelityRows } from "../../runtime/config/fidelity/rows.ts";
import { obeyed, obeyedFields } from "../../runtime/config/fidelity/sources.ts";
import { istioGroups, kinds } from "../../runtime/config/kinds.ts";
import { knownFields } from "../../runtime/config/mesh-config-fields.ts";
import type { Resource } from "../../runtime/model/resource.ts";
import { loadCase } from "../conformance/case.ts";
import { renderFidelityDocs } from "../support/fidelity-docs.ts";
import { casePath } from "./cases.ts";
import { baseline, provesField } from "./prove-field.ts";
import { testProofs } from "./test-proofs.ts";

const rows = fidelityRows();
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const rowOf = (kind: string, path: string): FidelityRow | undefined =>
  rows.find(
    ({ kind: of, field }) =>
      of === kind && (path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`)),
  );

describe("the table", () => {
  it("has a row for every field of every kind", () => {
    expect(obeyedFields().filter(({ kind, path }) => rowOf(kind, path) === undefined)).toEqual([]);
    const named = Object.entries(kinds).filter(([, { group }]) => istioGroups.includes(group));
    for (const [kind] of named) expect(rows.some((row) => row.kind === kind)).toBe(true);
    for (const name of knownFields.filter((each) => each !== "defaultConfig"))
      expect(rows.some(({ kind, field }) => kind === "MeshConfig" && field.startsWith(`meshConfig.${name}`))).toBe(
        true,
      );
  });

  it("calls nothing enforced without a proof", () => {
    expect(rows.filter(({ status, proof }) => status === "enforced" && proof === null)).toEqual([]);
  });

  it("has no proof of what is not there", () => {
    const known = new Set(obeyedFields().map(({ kind, path }) => `${kind} ${path}`));
    expect(Object.keys(proofs).filter((field) => !known.has(field))).toEqual([]);
  });

  it("is what docs/fidelity.md says (npm run docs:fidelity)", () => {
    expect(read("docs/fidelity.md")).toBe(renderFidelityDocs());
  });
});

describe("proofs", () => {
  const byCase = Map.groupBy(
    Object.entries(proofs).filter(([, { how }]) => how !== "tested"),
    ([, { by }]) => by,
  );

  it.each([...byCase])("%s", (name, fields) => {
    const loaded = loadCase(casePath(name));
    const passing = baseline(loaded);
    expect(passing).toBeDefined();
    for (const [field, { how }] of fields) expect(provesField(loaded, field, passing ?? new Set()), field).toBe(how);
  });

  it("no test is named in vain", () => {
    const tested = Object.keys(proofs).filter((field) => proofs[field]?.how === "tested");
    expect(testProofs.filter(({ field }) => !tested.some((each) => field.test(each)))).toEqual([]);
  });

  it.each(Object.entries(proofs).filter(([, { how }]) => how === "tested"))("tests of %s", (field, { by }) => {
    const tested = testProofs.find((proof) => proof.field.test(field));
    expect(tested?.file).toBe(by);
    expect(read(by)).toContain(tested?.words);
  });
});

describe("warnings of check", () => {
  /** A document that sets one field and nothing else. */
  function documentWith(kind: string, path: string): Resource {
    return {
      apiVersion: `${kinds[kind]?.group ?? ""}/v1`,
      kind,
      name: "x",
      namespace: "default",
      labels: {},
      annotations: {},
      spec: nested(path.split(".").slice(1)),
      positions: { file: "x.yaml", at: { "": [1, 1] } },
    } as unknown as Resource;
  }

  function nested([step, ...rest]: readonly string[]): unknown {
    if (step === undefined) return "x";
    const name = step.replace("[]", "");
    const inner = nested(rest);
    return { [name === "*" ? "key" : name]: step.endsWith("[]") ? [inner] : inner };
  }

  const ofKinds = rows.filter(({ kind }) => Object.hasOwn(kinds, kind));
  const quiet = new Set(
    obeyed.flatMap(({ kind, departures }) =>
      departures.filter((each) => each.quiet === true).map(({ path }) => `${kind} ${path}`),
    ),
  );

  it("come of every field that is ignored, and of none that is enforced", () => {
    const wrong = ofKinds.filter(({ kind, field, status }) => {
      const warns = unenforced([documentWith(kind, field)]).length > 0;
      if (status === "approximated" || quiet.has(`${kind} ${field}`)) return false;
      return warns !== (status === "ignored");
    });
    expect(wrong).toEqual([]);
  });

  it("the same of MeshConfig", () => {
    const ofMesh = rows.filter(({ kind, status }) => kind === "MeshConfig" && status !== "approximated");
    const wrong = ofMesh.filter(({ field, status }) => {
      const raw = nested(field.split(".").slice(1)) as Readonly<Record<string, unknown>>;
      return unenforcedMeshConfig(raw).length > 0 !== (status === "ignored");
    });
    expect(wrong).toEqual([]);
  });
});
