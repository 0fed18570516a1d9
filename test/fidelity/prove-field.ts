import { parseAllDocuments, stringify } from "yaml";
import { checkedFields } from "../../runtime/config/mesh-config-fields.ts";
import { kinds } from "../../runtime/config/kinds.ts";
import { proxyConfigAnnotation, proxyConfigShape } from "../../runtime/config/proxy-config.ts";
import { object } from "../../runtime/config/shape.ts";
import type { Case, LoadedCase } from "../conformance/case.ts";
import { runCase } from "../conformance/engine.ts";
import { isObject, type Use, usesOf } from "./uses.ts";

/** What was done to a field so that a recorded verdict was missed. */
export type Change = "removed" | "changed";

/** The parts of a case that hold fields, as values that may be changed. */
interface Open {
  readonly documents: readonly Record<string, unknown>[];
  readonly mesh: Record<string, unknown>;
  readonly annotations: readonly {
    readonly holder: Record<string, unknown>;
    readonly config: Record<string, unknown>;
  }[];
  readonly workloads: Case["workloads"];
}

const meshShape = object(checkedFields);

function open(spec: Case): Open {
  const workloads = structuredClone(spec.workloads);
  return {
    documents: parseAllDocuments(spec.config)
      .map((document): unknown => document.toJS())
      .filter(isObject),
    mesh: structuredClone({ ...spec.mesh }),
    annotations: workloads.flatMap(({ annotations }) => {
      const text = annotations?.[proxyConfigAnnotation];
      const config: unknown = text === undefined ? undefined : parseAllDocuments(text)[0]?.toJS();
      return isObject(config) ? [{ holder: annotations as Record<string, unknown>, config }] : [];
    }),
    workloads,
  };
}

function close(loaded: LoadedCase, { documents, mesh, annotations, workloads }: Open): LoadedCase {
  for (const { holder, config } of annotations) holder[proxyConfigAnnotation] = stringify(config);
  const config = documents.map((document) => stringify(document)).join("---\n");
  return { ...loaded, case: { ...loaded.case, config, mesh, workloads } };
}

/** Uses of fields in a case, each with the kind that it belongs to. */
function usesIn({ documents, mesh, annotations }: Open): readonly (Use & { readonly kind: string })[] {
  const ofDocuments = documents.flatMap((document) => {
    const kind = String(document["kind"]);
    const shape = Object.hasOwn(kinds, kind) ? kinds[kind]?.spec : undefined;
    return shape === undefined ? [] : usesOf(shape, document, "spec").map((use) => ({ ...use, kind }));
  });
  const ofMesh = usesOf(meshShape, { meshConfig: mesh }, "meshConfig").map((use) => ({ ...use, kind: "MeshConfig" }));
  const proxies = [...annotations.map(({ config }) => config), mesh["defaultConfig"]].filter(isObject);
  const ofProxies = proxies.flatMap((config) =>
    usesOf(proxyConfigShape, { proxyConfig: config }, "proxyConfig").map((use) => ({
      ...use,
      kind: proxyConfigAnnotation,
    })),
  );
  return [...ofDocuments, ...ofMesh, ...ofProxies];
}

/** `Kind path` of every field that a case uses. */
export function fieldsIn(loaded: LoadedCase): ReadonlySet<string> {
  return new Set(usesIn(open(loaded.case)).map(({ kind, path }) => `${kind} ${path}`));
}

/** Requests of a case that meet what was recorded; undefined when the case cannot prove anything. */
function passedIn(loaded: LoadedCase): ReadonlySet<string> | undefined {
  try {
    const results = runCase(loaded);
    if (results.has("config")) return undefined;
    return new Set([...results].flatMap(([id, { kind }]) => (kind === "passed" ? [id] : [])));
  } catch {
    return undefined;
  }
}

/** A case as the prover writes it again, with nothing changed; undefined: its requests do not all pass or are all skipped. */
export function baseline(loaded: LoadedCase): ReadonlySet<string> | undefined {
  const results = runCase(close(loaded, open(loaded.case)));
  const kindsOf = [...results.values()].map(({ kind }) => kind);
  if (kindsOf.includes("failed") || !kindsOf.includes("passed")) return undefined;
  return new Set([...results].flatMap(([id, { kind }]) => (kind === "passed" ? [id] : [])));
}

/**
 * Whether a case proves that a field is obeyed: as it is all its verdicts are met, and with the field removed, or given another value
 * in a document that is valid still, one of them is not.
 */
export function provesField(loaded: LoadedCase, field: string, passing: ReadonlySet<string>): Change | undefined {
  for (const [change, mutate] of mutations) {
    const count = usesIn(open(loaded.case)).filter((use) => `${use.kind} ${use.path}` === field).length;
    // All uses at once, then each by itself.
    for (const only of [undefined, ...Array.from({ length: Math.min(count, mostUses) }, (_, at) => at)]) {
      const opened = open(loaded.case);
      const uses = usesIn(opened).filter((use) => `${use.kind} ${use.path}` === field);
      let isChanged = false;
      for (const use of only === undefined ? uses : uses.slice(only, only + 1))
        isChanged = mutate(use, uses) || isChanged;
      if (!isChanged) continue;
      const left = passedIn(close(loaded, opened));
      if (left !== undefined && [...passing].some((id) => !left.has(id))) return change;
    }
  }
  return undefined;
}

const mostUses = 6;

/** Each says whether it changed anything. */
const mutations: readonly (readonly [Change, (use: Use, all: readonly Use[]) => boolean])[] = [
  [
    "removed",
    ({ parent, key }) => {
      if (Array.isArray(parent)) return false;
      return delete parent[key];
    },
  ],
  ["changed", (use) => replace(use, other(use.value))],
  ["changed", (use) => replace(use, [])],
  // What the same field says elsewhere in the case.
  ["changed", (use, all) => replace(use, all[(all.indexOf(use) + 1) % all.length]?.value)],
  // A file of another CA, in the names that cases use.
  ["changed", (use) => replace(use, typeof use.value === "string" ? "/etc/rogue.pem" : undefined)],
  // Of a condition its name: `request.headers[x]` becomes one of another header.
  [
    "changed",
    (use) => replace(use, typeof use.value === "string" ? use.value.replace(/\[(.*)\]$/, "[other-$1]") : undefined),
  ],
  ["changed", (use) => replace(use, typeof use.value === "string" ? "source.namespace" : undefined)],
];

function replace({ parent, key, value }: Use, by: unknown): boolean {
  if (by === undefined || (Array.isArray(by) && !Array.isArray(value))) return false;
  parent[key] = by;
  return true;
}

const swaps: Readonly<Record<string, string>> = {
  STRICT: "DISABLE",
  PERMISSIVE: "STRICT",
  DISABLE: "STRICT",
  UNSET: "DISABLE",
  ALLOW: "DENY",
  DENY: "ALLOW",
  CUSTOM: "DENY",
  AUDIT: "DENY",
  ISTIO_MUTUAL: "DISABLE",
  MUTUAL: "DISABLE",
  SIMPLE: "DISABLE",
  UPGRADE: "DO_NOT_UPGRADE",
  DO_NOT_UPGRADE: "UPGRADE",
  REGISTRY_ONLY: "ALLOW_ANY",
  ALLOW_ANY: "REGISTRY_ONLY",
  FROM_PROTOCOL_DEFAULT: "FROM_REQUEST_PORT",
  FROM_REQUEST_PORT: "FROM_PROTOCOL_DEFAULT",
};

/** Another value of the same kind. */
function other(value: unknown): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number")
    return value === 0 ? 1 : value >= 100 && value < 600 ? value + 1 : Math.max(1, Math.floor(value / 2) + 1);
  if (typeof value === "string")
    return swaps[value] ?? (/^\d+(?:\.\d+)?(?:ms|s|m|h)$/.test(value) ? "77s" : `${value}x`);
  if (Array.isArray(value)) return value.map(other);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, other(inner)]));
  return undefined;
}
