/** Who may see a resource (spec traffic 1.6.1). `own`: its own namespace. */
export interface Visibility {
  readonly everybody: boolean;
  readonly namespaces: ReadonlySet<string>;
}

/** `*` makes it public, else `~` hides it from all; `.` is the resource's own namespace. An empty list means the mesh's default. */
export function parseExportTo(
  values: readonly string[] | undefined,
  namespace: string,
  fallback: readonly string[],
): Visibility {
  const list = values === undefined || values.length === 0 ? fallback : values;
  if (list.includes("*")) return { everybody: true, namespaces: new Set() };
  if (list.includes("~")) return { everybody: false, namespaces: new Set() };
  return { everybody: false, namespaces: new Set(list.map((value) => (value === "." ? namespace : value))) };
}

export function isVisible(visibility: Visibility, namespace: string): boolean {
  return visibility.everybody || visibility.namespaces.has(namespace);
}
