import { joinIndex, joinKey } from "./field-path.ts";
import type { Finding } from "./finding.ts";
import type { Shape } from "./shape.ts";
import { didYouMean } from "./suggestion.ts";
import { isRecord } from "./yaml-tree.ts";

/** Fields that the schema does not know, as an API server prunes them: also those of a map that stands where none belongs. */
export function unknownFields(value: unknown, shape: Shape | undefined, field: string): readonly Finding[] {
  if (shape?.kind === "any") return [];
  if (Array.isArray(value))
    return value.flatMap((item, index) =>
      unknownFields(item, shape?.kind === "list" ? shape.of : undefined, joinIndex(field, index)),
    );
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const at = joinKey(field, key);
    if (shape?.kind === "map") return unknownFields(item, shape.of, at);
    const known = shape?.kind === "object" ? shape.fields : {};
    const inner = Object.hasOwn(known, key) ? known[key] : undefined;
    return inner === undefined ? [unknownField(at, key, Object.keys(known))] : unknownFields(item, inner, at);
  });
}

function unknownField(field: string, key: string, known: readonly string[]): Finding {
  const meant = didYouMean(key, known);
  return {
    code: "MD1006",
    stage: "unknownField",
    field,
    part: "key",
    message: `unknown field ${field}`,
    ...(known.length === 0
      ? {}
      : { hint: meant === undefined ? `known here: ${known.join(", ")}` : `${key}: ${meant}` }),
  };
}
