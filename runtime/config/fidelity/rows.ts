import { type Departure, unenforcedFields } from "../enforcement.ts";
import { istioGroups, kinds } from "../kinds.ts";
import { type Field, fieldsOf } from "./fields.ts";
import { proofs } from "./proofs.ts";
import { type FieldSource, obeyed } from "./sources.ts";

export type FidelityStatus = "enforced" | "approximated" | "ignored";

/** What proves that a field is obeyed: a case whose verdicts are missed when the field is taken away or changed, or a test of it. */
export interface FieldProof {
  /** `security/authz/methods`, `own/gotchas/GO-22`, or a file of tests. */
  readonly by: string;
  readonly how: "removed" | "changed" | "tested";
  /** The place where the same field of the same message is proven, when it is not this one. */
  readonly at?: string;
}

/** What becomes of one field of Istio's API, or of all fields below one. */
export interface FidelityRow {
  /** `MeshConfig` and `proxy.istio.io/config` stand beside the kinds of resources. */
  readonly kind: string;
  readonly field: string;
  readonly status: FidelityStatus;
  /** How it differs; null where there is nothing to say. */
  readonly note: string | null;
  /** Null for what is ignored. */
  readonly proof: FieldProof | null;
}

/** One row per field, kinds in their order; a part that is ignored as a whole is one row. */
export function fidelityRows(): readonly FidelityRow[] {
  return [...obeyed.flatMap(rowsOf), ...ignoredKinds()];
}

function rowsOf({ kind, shape, path, departures }: FieldSource): readonly FidelityRow[] {
  const fields = fieldsOf(shape, path);
  const rows = new Map<string, FidelityRow>();
  for (const field of fields) {
    const departure = departures.find((each) => covers(each.path, field.path));
    const isPart = departure !== undefined && departure.when === undefined && departure.path !== field.path;
    const name = isPart ? departure.path : field.path;
    if (rows.has(name)) continue;
    const status = statusOf(departure);
    const proof = status === "ignored" ? null : proofOf(kind, field, fields);
    rows.set(name, { kind, field: name, status, note: departure?.note ?? null, proof });
  }
  // Fields without a shape of their own.
  for (const departure of departures) {
    const isKnown = [...rows.keys()].some((row) => covers(departure.path, row) || covers(row, departure.path));
    if (!isKnown)
      rows.set(departure.path, {
        kind,
        field: departure.path,
        status: statusOf(departure),
        note: departure.note ?? null,
        proof: statusOf(departure) === "ignored" ? null : (proofs[`${kind} ${departure.path}`] ?? null),
      });
  }
  return [...rows.values()];
}

function statusOf(departure: Departure | undefined): FidelityStatus {
  if (departure === undefined) return "enforced";
  return departure.status ?? (departure.when === undefined ? "ignored" : "approximated");
}

/** Whether a path is a field or a part that holds it. */
function covers(part: string, path: string): boolean {
  return path === part || path.startsWith(`${part}.`) || path.startsWith(`${part}[`);
}

function proofOf(kind: string, field: Field, fields: readonly Field[]): FieldProof | null {
  const own = proofs[`${kind} ${field.path}`];
  if (own !== undefined) return own;
  if (field.message === "") return null;
  const twin = fields.find(
    (each) =>
      each.message === field.message && each.name === field.name && proofs[`${kind} ${each.path}`] !== undefined,
  );
  const proof = twin === undefined ? undefined : proofs[`${kind} ${twin.path}`];
  return proof === undefined || twin === undefined ? null : { ...proof, at: twin.path };
}

/** Kinds of Istio of which nothing has an effect, by their fields. */
function ignoredKinds(): readonly FidelityRow[] {
  return Object.entries(kinds).flatMap(([kind, { group, spec }]) => {
    if (!istioGroups.includes(group) || Object.hasOwn(unenforcedFields, kind) || spec?.kind !== "object") return [];
    return Object.keys(spec.fields).map((name): FidelityRow => {
      return { kind, field: `spec.${name}`, status: "ignored", note: null, proof: null };
    });
  });
}
