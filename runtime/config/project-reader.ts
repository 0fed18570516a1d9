import type { Problem } from "../core/problem.ts";
import type { Labels } from "../model/resource.ts";
import { parseDuration } from "./duration.ts";
import { joinKey } from "./field-path.ts";
import { interpolate, lookupIn } from "./interpolation.ts";
import { isDnsLabel } from "./names.ts";
import { didYouMean } from "./suggestion.ts";
import type { ProjectTree } from "./project-merge.ts";
import { isRecord } from "./yaml-tree.ts";

/** Reads values of the project tree and collects what is wrong with them. */
export interface Reader {
  readonly root: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
  readonly locate: ProjectTree["locate"];
  readonly problem: (problem: Problem) => void;
  readonly wrong: (field: string, message: string, hint?: string, part?: "key" | "value") => void;
  readonly missing: (field: string, key: string, hint: string) => string;
  /** The map itself, after its unknown keys are reported. */
  readonly keys: (
    field: string,
    known: readonly string[],
    value?: Readonly<Record<string, unknown>>,
  ) => Readonly<Record<string, unknown>>;
  readonly record: (field: string, value: unknown) => Readonly<Record<string, unknown>>;
  /** A string, number or boolean as text, variables replaced. */
  readonly text: (field: string, value: unknown) => string | undefined;
  readonly name: (field: string, value: unknown) => string | undefined;
  readonly strings: (field: string, value: unknown) => Labels;
  readonly flag: (field: string, value: unknown) => boolean | undefined;
  readonly integer: (field: string, value: unknown, min: number, max: number) => number | undefined;
  /** Milliseconds. */
  readonly duration: (field: string, value: unknown) => number | undefined;
}

export function createReader(tree: ProjectTree, env: Readonly<Record<string, string>> | undefined): Reader {
  const problems: Problem[] = [];
  const root = isRecord(tree.value) ? tree.value : {};
  const wrong: Reader["wrong"] = (field, message, hint, part) => {
    problems.push({
      code: "MD1003",
      severity: "error",
      message,
      ...(hint === undefined ? {} : { hint }),
      ...tree.locate(field, part),
      field,
    });
  };
  if (!isRecord(tree.value))
    wrong("", "the project file must be a map with `services`", "run `meshdev init` for a first one");

  const text: Reader["text"] = (field, value) => {
    if (value === undefined) return undefined;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    if (typeof value !== "string") {
      wrong(field, `${field} must be a string`);
      return undefined;
    }
    if (env === undefined) return value;
    const result = interpolate(value, lookupIn(env));
    for (const fault of result.faults) wrong(field, `${field}: ${fault}`);
    for (const name of result.unset) {
      problems.push({
        code: "MD1011",
        severity: "warning",
        message: `the variable ${name} is not set; it counts as empty`,
        hint: `set ${name}, or write \${${name}:-default}`,
        ...tree.locate(field),
        field,
      });
    }
    return result.text;
  };
  const record: Reader["record"] = (field, value) => {
    if (value === undefined || value === null) return {};
    if (isRecord(value)) return value;
    wrong(field, `${field} must be a map`);
    return {};
  };
  return {
    root,
    problems,
    locate: tree.locate,
    problem: (problem) => {
      problems.push(problem);
    },
    wrong,
    missing: (field, key, hint) => {
      wrong(field, `${joinKey(field, key)} is missing`, hint, "key");
      return "";
    },
    keys: (field, known, value = root) => {
      for (const key of Object.keys(value)) {
        if (known.includes(key) || key.startsWith("x-")) continue;
        const meant = didYouMean(key, known);
        problems.push({
          code: "MD1002",
          severity: "error",
          message: `unknown key ${joinKey(field, key)}`,
          hint: meant === undefined ? `known here: ${known.join(", ")}` : `${key}: ${meant}`,
          ...tree.locate(joinKey(field, key), "key"),
          field: joinKey(field, key),
        });
      }
      return value;
    },
    record,
    text,
    name: (field, value) => {
      const name = text(field, value);
      if (name === undefined || (env === undefined && name.includes("${")) || isDnsLabel(name)) return name;
      wrong(field, `${field}: ${name} is not a valid name`, "use lower case letters, digits and -, at most 63");
      return undefined;
    },
    strings: (field, value) =>
      Object.fromEntries(
        Object.entries(record(field, value)).flatMap(([key, item]) => {
          const read = text(joinKey(field, key), item ?? "");
          return read === undefined ? [] : [[key, read] as const];
        }),
      ),
    flag: (field, value) => {
      if (value === undefined || typeof value === "boolean") return value;
      const read = text(field, value);
      if (read === "true" || read === "false") return read === "true";
      wrong(field, `${field} must be true or false`);
      return undefined;
    },
    integer: (field, value, min, max) => {
      const read = text(field, value);
      if (read === undefined || (env === undefined && read.includes("${"))) return undefined;
      const number = /^-?\d{1,9}$/.test(read) ? Number(read) : Number.NaN;
      if (number >= min && number <= max) return number;
      wrong(field, `${field} must be a whole number from ${min} to ${max}, found ${read}`);
      return undefined;
    },
    duration: (field, value) => {
      const read = text(field, value);
      if (read === undefined || (env === undefined && read.includes("${"))) return undefined;
      const milliseconds = parseDuration(read);
      if (milliseconds !== undefined && milliseconds >= 1) return milliseconds;
      wrong(field, `${field}: ${read} is not a duration`, "write it like 500ms or 2s");
      return undefined;
    },
  };
}
