import type { Labels } from "../model/resource.ts";
import { isRecord } from "./yaml-tree.ts";

/** The entries of a map whose values are texts. */
export function stringEntries(value: unknown): Labels {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
