import type { Problem } from "../../core/problem.ts";
import { positionOf, type Resource, resourceName } from "../../model/resource.ts";
import { isRecord } from "../yaml-tree.ts";

/** A problem at a field of a document. */
export function problemAt(
  resource: Resource,
  field: string,
  problem: Pick<Problem, "code" | "message"> & Partial<Problem>,
): Problem {
  return { severity: "error", at: positionOf(resource, field), resource: resourceName(resource), field, ...problem };
}

/** The ConfigMaps and Secrets of the files. */
export interface DataObjects {
  readonly find: (kind: "ConfigMap" | "Secret", namespace: string, name: string) => DataObject | undefined;
}

export interface DataObject {
  readonly resource: Resource;
  /** Bytes by key: what a file of a volume holds, and a variable as UTF-8. */
  readonly data: ReadonlyMap<string, Buffer>;
}

export function isDataObject({ kind, apiVersion }: Resource): boolean {
  return apiVersion === "v1" && (kind === "ConfigMap" || kind === "Secret");
}

export function dataObjects(resources: readonly Resource[]): DataObjects {
  const known = new Map<string, DataObject>();
  for (const resource of resources) {
    if (!isDataObject(resource)) continue;
    known.set(`${resource.kind}/${resource.namespace}/${resource.name}`, { resource, data: dataOf(resource) });
  }
  return { find: (kind, namespace, name) => known.get(`${kind}/${namespace}/${name}`) };
}

/** What is wrong with the data of ConfigMaps and Secrets: an API server takes texts only. */
export function dataProblems(resources: readonly Resource[]): readonly Problem[] {
  return resources.flatMap((resource) => {
    if (!isDataObject(resource)) return [];
    const isSecret = resource.kind === "Secret";
    return ["data", ...(isSecret ? ["stringData"] : ["binaryData"])].flatMap((field) =>
      Object.entries(mapAt(resource.spec, field)).flatMap(([key, value]): readonly Problem[] => {
        if (typeof value === "string" || value === null) return [];
        return [
          problemAt(resource, `${field}.${key}`, {
            code: "MD1007",
            message: `${field}.${key} must be a string, found ${Array.isArray(value) ? "a list" : typeof value}`,
            hint:
              typeof value === "number" || typeof value === "boolean"
                ? `write it in quotes: "${value}"`
                : "write it as a text with `|`",
          }),
        ];
      }),
    );
  });
}

function dataOf({ kind, spec }: Resource): ReadonlyMap<string, Buffer> {
  const encoded = kind === "Secret" ? "data" : "binaryData";
  const plain = kind === "Secret" ? "stringData" : "data";
  return new Map([
    ...texts(mapAt(spec, encoded)).map(([key, text]) => [key, Buffer.from(text, "base64")] as const),
    ...texts(mapAt(spec, plain)).map(([key, text]) => [key, Buffer.from(text, "utf8")] as const),
  ]);
}

function mapAt(spec: unknown, field: string): Readonly<Record<string, unknown>> {
  const found = isRecord(spec) ? spec[field] : undefined;
  return isRecord(found) ? found : {};
}

function texts(map: Readonly<Record<string, unknown>>): readonly (readonly [string, string])[] {
  return Object.entries(map).flatMap(([key, text]) => (typeof text === "string" ? [[key, text] as const] : []));
}
