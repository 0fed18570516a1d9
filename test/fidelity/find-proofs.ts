import type { FieldProof } from "../../runtime/config/fidelity/rows.ts";
import { obeyedFields } from "../../runtime/config/fidelity/sources.ts";
import { loadCase } from "../conformance/case.ts";
import { caseNames, casePath } from "./cases.ts";
import { baseline, fieldsIn, provesField } from "./prove-field.ts";
import { testProofs } from "./test-proofs.ts";

/** Cases that are tried for a field: those that were recorded before our own, small before large. */
const mostCases = 25;

/** For each field the first case that proves it, or the test that is named for it. Takes half a minute. */
export function findProofs(): Readonly<Record<string, FieldProof>> {
  const passing = new Map<string, ReadonlySet<string>>();
  const users = new Map<string, { readonly name: string; readonly size: number }[]>();
  for (const name of caseNames()) {
    const loaded = loadCase(casePath(name));
    const passed = baseline(loaded);
    if (passed === undefined) continue;
    passing.set(name, passed);
    for (const field of fieldsIn(loaded)) {
      const known = users.get(field) ?? [];
      users.set(field, [...known, { name, size: loaded.case.requests.length }]);
    }
  }
  const found: Record<string, FieldProof> = {};
  for (const { kind, path } of obeyedFields()) {
    const field = `${kind} ${path}`;
    const candidates = (users.get(field) ?? []).toSorted((a, b) => rank(a) - rank(b)).slice(0, mostCases);
    for (const { name } of candidates) {
      const how = provesField(loadCase(casePath(name)), field, passing.get(name) ?? new Set());
      if (how === undefined) continue;
      found[field] = { by: name, how };
      break;
    }
    const tested = testProofs.find((proof) => proof.field.test(field));
    if (found[field] === undefined && tested !== undefined) found[field] = { by: tested.file, how: "tested" };
  }
  return found;
}

function rank({ name, size }: { readonly name: string; readonly size: number }): number {
  return size + (name.startsWith("own/") ? ownLast : 0);
}

/** More than any case has requests. */
const ownLast = 100_000;
