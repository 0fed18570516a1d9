import { joinIndex, joinKey } from "./field-path.ts";
import type { Finding } from "./finding.ts";
import type { Shape } from "./shape.ts";
import { isRecord } from "./yaml-tree.ts";

/** The CEL rules that a value breaks, from the outside in. */
export function breaksRules(value: unknown, shape: Shape, field: string): readonly Finding[] {
  if (value === undefined || value === null) return [];
  const own = (shape.rules ?? [])
    .filter((rule) => !rule.holds(value))
    .map((rule): Finding => ({
      code: "MD1012",
      stage: "cel",
      field,
      message: `${field}: ${rule.message}`,
      ...(rule.hint === undefined ? {} : { hint: rule.hint }),
    }));
  return [...own, ...innerRules(value, shape, field)];
}

function innerRules(value: unknown, shape: Shape, field: string): readonly Finding[] {
  if (shape.kind === "list" && Array.isArray(value))
    return value.flatMap((item, index) => breaksRules(item, shape.of, joinIndex(field, index)));
  if (!isRecord(value)) return [];
  if (shape.kind === "map")
    return Object.entries(value).flatMap(([key, item]) => breaksRules(item, shape.of, joinKey(field, key)));
  if (shape.kind !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const inner = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    return inner === undefined ? [] : breaksRules(item, inner, joinKey(field, key));
  });
}
