import { istioGroups, type KindEntry, kinds } from "./kinds.ts";
import type { Finding } from "./finding.ts";
import { didYouMean } from "./suggestion.ts";
import { isRecord } from "./yaml-tree.ts";

/** Who a document says it is. */
export interface DocumentName {
  readonly apiVersion: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string | undefined;
  readonly entry: KindEntry | undefined;
}

/** Undefined when a document does not even have apiVersion and kind. */
export function identify(value: unknown): DocumentName | undefined {
  if (!isRecord(value)) return undefined;
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== "string" || typeof kind !== "string" || apiVersion === "" || kind === "") return undefined;
  const slash = apiVersion.lastIndexOf("/");
  const group = slash === -1 ? "" : apiVersion.slice(0, slash);
  const known = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  const entry = known?.group === group ? known : undefined;
  const meta = isRecord(metadata) ? metadata : {};
  const namespace = typeof meta["namespace"] === "string" && meta["namespace"] !== "" ? meta["namespace"] : "default";
  return {
    apiVersion,
    group,
    version: apiVersion.slice(slash + 1),
    kind,
    namespace: entry?.namespaced === false ? "" : namespace,
    name: typeof meta["name"] === "string" && meta["name"] !== "" ? meta["name"] : undefined,
    entry,
  };
}

/** Whether Istio and Kubernetes have this kind in this version. */
export function checkKind(who: DocumentName): readonly Finding[] {
  const { entry, group, kind } = who;
  if (entry !== undefined) {
    if (entry.versions.includes(who.version)) return [];
    const allowed = entry.versions.map((version) => (group === "" ? version : `${group}/${version}`));
    return [
      {
        code: "MD1005",
        stage: "kind",
        field: "apiVersion",
        message: `${kind} has no version ${who.apiVersion}; it has ${allowed.join(", ")}`,
        hint: `write apiVersion: ${allowed[0] ?? ""}`,
      },
    ];
  }
  const named = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (istioGroups.includes(group)) {
    if (named !== undefined)
      return [
        {
          code: "MD1005",
          stage: "kind",
          field: "apiVersion",
          message: `${group} has no kind ${kind}`,
          hint: `write apiVersion: ${named.group === "" ? "v1" : `${named.group}/v1`}`,
        },
      ];
    const inGroup = Object.keys(kinds).filter((name) => kinds[name]?.group === group);
    const meant = didYouMean(kind, inGroup) ?? didYouMean(kind, Object.keys(kinds));
    return [
      {
        code: "MD1005",
        stage: "kind",
        field: "kind",
        message: `${group} has no kind ${kind}`,
        hint: meant === undefined ? `it has ${inGroup.join(", ")}` : `${kind}: ${meant}`,
      },
    ];
  }
  if (group === "" && named !== undefined)
    return [
      {
        code: "MD1005",
        stage: "kind",
        field: "apiVersion",
        message: `${who.apiVersion} has no kind ${kind}`,
        hint: `write apiVersion: ${named.group}/v1`,
      },
    ];
  if (group.endsWith("istio.io")) {
    const meant = didYouMean(group, istioGroups);
    return [
      {
        code: "MD1005",
        stage: "kind",
        field: "apiVersion",
        message: `Istio has no API group ${group}`,
        hint: meant === undefined ? `it has ${istioGroups.join(", ")}` : `${group}: ${meant}`,
      },
    ];
  }
  const meantGroup = named === undefined ? undefined : didYouMean(group, istioGroups, 2);
  if (meantGroup !== undefined)
    return [
      {
        code: "MD1005",
        stage: "kind",
        field: "apiVersion",
        message: `${group} has no kind ${kind}`,
        hint: `${group}: ${meantGroup}`,
      },
    ];
  return [];
}
