/** Plain YAML objects, read without trust in their shape: what is missing reads as empty. */

export function part(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const name of path) {
    if (typeof here !== "object" || here === null || Array.isArray(here)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[name];
  }
  return here;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textsOf(value: unknown): readonly string[] {
  return listOf(value).map(String);
}

export function textOf(value: unknown, otherwise = ""): string {
  return typeof value === "string" ? value : otherwise;
}

export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

export function kindOf(document: unknown): string {
  return textOf(part(document, "kind"));
}

export function nameOf(document: unknown): string {
  return textOf(part(document, "metadata", "name"));
}

export function namespaceOf(document: unknown): string {
  return textOf(part(document, "metadata", "namespace"), "default");
}

/** spec 0.2.5: the wanted labels are a subset of the workload's; none wanted selects everything. */
export function selects(document: unknown, labels: Readonly<Record<string, string>>): boolean {
  return entriesOf(part(document, "spec", "selector", "matchLabels")).every(([name, value]) => labels[name] === value);
}

export function hasSelector(document: unknown): boolean {
  return entriesOf(part(document, "spec", "selector", "matchLabels")).length > 0;
}
