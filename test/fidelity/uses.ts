import type { Shape } from "../../runtime/config/shape.ts";

/** A place in a document that holds a field: its parent, its key there, and what stands there. */
export interface Use {
  /** As `Field.path` writes it. */
  readonly path: string;
  readonly parent: Record<string | number, unknown>;
  readonly key: string | number;
  readonly value: unknown;
}

/** Every field that a value sets, by the shape that it should have. */
export function usesOf(shape: Shape, holder: Record<string, unknown>, key: string): readonly Use[] {
  const uses: Use[] = [];
  const walk = (inner: Shape, parent: Use["parent"], at: string | number, path: string): void => {
    const value = parent[at];
    if (value === undefined || value === null) return;
    if (inner.kind === "object" && isObject(value)) {
      for (const [name, field] of Object.entries(inner.fields)) walk(field, value, name, `${path}.${name}`);
    } else if (inner.kind === "list" && isNested(inner.of) && Array.isArray(value)) {
      const items = value as unknown as Use["parent"];
      for (const index of value.keys()) walk(inner.of, items, index, `${path}[]`);
    } else if (inner.kind === "map" && isNested(inner.of) && isObject(value)) {
      for (const name of Object.keys(value)) walk(inner.of, value, name, `${path}.*`);
    } else uses.push({ path, parent, key: at, value });
  };
  walk(shape, holder, key, key);
  return uses;
}

function isNested({ kind }: Shape): boolean {
  return kind === "object" || kind === "list" || kind === "map";
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
