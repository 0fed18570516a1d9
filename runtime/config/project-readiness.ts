import type { NeedCondition } from "../model/container.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import type { Reader } from "./project-reader.ts";
import { readyKeys } from "./readiness-schema.ts";
import { isRecord } from "./yaml-tree.ts";

export type ReadySpec =
  | { readonly kind: "ports" }
  | { readonly kind: "spawn" }
  | { readonly kind: "http"; readonly path: string; readonly port: number | undefined; readonly everyMs: number };

/** A list of service names, or the keys of `{db: completed}`. */
export function parseNeeds(reader: Reader, value: unknown, field: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.flatMap((item, index) => reader.text(joinIndex(field, index), item) ?? []);
  if (isRecord(value)) return Object.keys(value);
  if (typeof value === "string") return [value];
  reader.wrong(field, "needs must be a list of services", "write `needs: [db]`");
  return [];
}

/** What is waited for, where `needs` is a map; readiness is not repeated. */
export function parseConditions(
  reader: Reader,
  value: unknown,
  field: string,
): Readonly<Record<string, NeedCondition>> | undefined {
  if (!isRecord(value)) return undefined;
  const conditions: Record<string, NeedCondition> = {};
  for (const [key, condition] of Object.entries(value)) {
    if (condition === "started" || condition === "completed") conditions[key] = condition;
    else if (condition !== "ready") {
      const at = joinKey(field, key);
      reader.wrong(at, `${key}: ${String(condition)} cannot be waited for`, "write `ready`, `started` or `completed`");
    }
  }
  return conditions;
}

/** `ports`, `spawn`, or `{http: /healthz, port: 8080, every: 1s}`. */
export function parseReady(reader: Reader, value: unknown, field: string): ReadySpec | undefined {
  if (value === undefined) return undefined;
  if (value === "ports" || value === "spawn") return { kind: value };
  if (!isRecord(value)) {
    reader.wrong(field, "ready must be `ports`, `spawn` or a map with `http`", "write `ready: { http: /healthz }`");
    return undefined;
  }
  reader.keys(field, readyKeys, value);
  const path =
    reader.text(joinKey(field, "http"), value["http"]) ??
    reader.missing(field, "http", "write the path to ask for, such as /healthz");
  if (path !== "" && !path.startsWith("/")) reader.wrong(joinKey(field, "http"), `${path} must begin with /`);
  return {
    kind: "http",
    path,
    port: reader.integer(joinKey(field, "port"), value["port"], 1, 65535),
    everyMs: reader.duration(joinKey(field, "every"), value["every"]) ?? 1000,
  };
}
