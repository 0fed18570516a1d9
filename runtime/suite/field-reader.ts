import type { Problem } from "../core/problem.ts";
import { joinIndex, joinKey } from "../config/field-path.ts";
import { didYouMean } from "../config/suggestion.ts";
import { isRecord, type YamlTree } from "../config/yaml-tree.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Reads fields of a test file; what is wrong is collected, each with its position. */
export interface FieldReader {
  readonly problems: readonly Problem[];
  readonly wrong: (field: string, message: string, hint?: string) => void;
  /** A map whose keys are all known; unknown ones are reported. */
  readonly map: (field: string, value: unknown, known: readonly string[] | undefined) => Fields;
  readonly list: (field: string, value: unknown) => readonly unknown[];
  readonly text: (field: string, value: unknown) => string | undefined;
  /** A text or a list of texts; undefined: nothing is said. */
  readonly texts: (field: string, value: unknown) => readonly string[] | undefined;
  readonly integer: (field: string, value: unknown, min: number, max: number) => number | undefined;
  readonly oneOf: <T extends string>(field: string, value: unknown, allowed: readonly T[]) => T | undefined;
}

export function createFieldReader({ locate }: Pick<YamlTree, "locate">): FieldReader {
  const problems: Problem[] = [];
  const report = (code: Problem["code"], field: string, message: string, hint?: string, part?: "key"): void => {
    problems.push({
      code,
      severity: "error",
      message,
      ...(hint === undefined ? {} : { hint }),
      ...locate(field, part),
      field,
    });
  };
  const wrong: FieldReader["wrong"] = (field, message, hint) => {
    report("MD1021", field, message, hint);
  };
  const text: FieldReader["text"] = (field, value) => {
    if (value === undefined || typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    wrong(field, `${field} must be a text`);
    return undefined;
  };
  return {
    problems,
    wrong,
    text,
    map: (field, value, known) => {
      if (value === undefined || value === null) return {};
      if (!isRecord(value)) {
        wrong(field, `${field === "" ? "a test file" : field} must be a map`);
        return {};
      }
      for (const key of Object.keys(value)) {
        if (known === undefined || known.includes(key) || key.startsWith("x-")) continue;
        const place = joinKey(field, key);
        const meant = didYouMean(key, known);
        const hint = meant === undefined ? `known here: ${known.join(", ")}` : `${key}: ${meant}`;
        report("MD1020", place, `unknown key ${place}`, hint, "key");
      }
      return value;
    },
    list: (field, value) => {
      if (value === undefined || value === null) return [];
      if (Array.isArray(value)) return value;
      wrong(field, `${field} must be a list`);
      return [];
    },
    texts: (field, value) => {
      if (value === undefined) return undefined;
      if (!Array.isArray(value)) {
        const one = text(field, value);
        return one === undefined ? [] : [one];
      }
      if (value.length === 0) wrong(field, `${field} is an empty list`, "remove it, or say what it stands for");
      return value.flatMap((item: unknown, index) => text(joinIndex(field, index), item) ?? []);
    },
    integer: (field, value, min, max) => {
      if (value === undefined) return undefined;
      if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
      wrong(field, `${field} must be a whole number from ${min} to ${max}`);
      return undefined;
    },
    oneOf: (field, value, allowed) => {
      if (value === undefined) return undefined;
      const found = allowed.find((each) => each === value);
      if (found !== undefined) return found;
      const meant = typeof value === "string" ? didYouMean(value, allowed) : undefined;
      wrong(field, `${field} must be one of ${allowed.join(", ")}`, meant);
      return undefined;
    },
  };
}
