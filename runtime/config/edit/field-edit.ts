/** Names and indices from the root of a document to one of its fields. */
export type FieldPath = readonly (string | number)[];

export type PlainValue = string | number | boolean | readonly PlainValue[] | { readonly [name: string]: PlainValue };

/** One change of a document. What is missing above a field is made. */
export type FieldEdit =
  /** Puts a value at the end of a list. */
  | { readonly kind: "append"; readonly path: FieldPath; readonly value: PlainValue }
  /** Writes an entry of a map, or another scalar in its place. */
  | { readonly kind: "set"; readonly path: FieldPath; readonly value: PlainValue }
  /** Takes an item out of a list, or an entry out of a map. */
  | { readonly kind: "remove"; readonly path: FieldPath };

/** The document as it is after an edit; undefined: there is no place for it. */
export function editValue(value: unknown, edit: FieldEdit): unknown {
  const [step, ...rest] = edit.path;
  if (step === undefined) return edit.kind === "append" && Array.isArray(value) ? [...value, edit.value] : undefined;
  if (edit.kind === "remove" && rest.length === 0) return without(value, step);
  const inner = readStep(value, step);
  const made = inner === undefined ? madeBelow(edit, rest) : below(inner, edit, rest);
  return made === undefined ? undefined : put(value, step, made);
}

/** What an edit makes of a field that is not there. */
export function madeBelow(edit: FieldEdit, path: FieldPath): PlainValue | undefined {
  if (edit.kind === "remove" || path.some((step) => typeof step === "number")) return undefined;
  const last: PlainValue = edit.kind === "append" ? [edit.value] : edit.value;
  return path.reduceRight<PlainValue>((value, step) => ({ [step]: value }), last);
}

function below(inner: unknown, edit: FieldEdit, path: FieldPath): unknown {
  if (edit.kind === "set" && path.length === 0) return isContainer(inner) ? undefined : edit.value;
  return editValue(inner, { ...edit, path });
}

function readStep(value: unknown, step: string | number): unknown {
  if (typeof step === "number") return Array.isArray(value) ? value[step] : undefined;
  return isMapping(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function put(value: unknown, step: string | number, inner: unknown): unknown {
  if (typeof step === "number")
    return Array.isArray(value) && step < value.length ? value.with(step, inner) : undefined;
  return isMapping(value) ? { ...value, [step]: inner } : undefined;
}

function without(value: unknown, step: string | number): unknown {
  if (readStep(value, step) === undefined) return undefined;
  if (Array.isArray(value)) return value.filter((_, index) => index !== step);
  return isMapping(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => name !== step)) : undefined;
}

function isContainer(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return isContainer(value) && !Array.isArray(value);
}
