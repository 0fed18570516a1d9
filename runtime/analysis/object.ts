import type { Labels } from "../model/resource.ts";
import type { DocumentObject } from "../config/documents.ts";
import type { Decoded, Shape } from "../config/shape.ts";
import { stringEntries } from "../config/string-entries.ts";
import { isRecord } from "../config/yaml-tree.ts";

/** Kinds that analyzers look at, and their API groups. Gateway API's Gateway goes by another name than Istio's. */
const gatewayGroup = "gateway.networking.k8s.io";
const groups: Readonly<Record<string, string>> = {
  Namespace: "",
  Service: "",
  Pod: "",
  Node: "",
  Secret: "",
  ConfigMap: "",
  Deployment: "apps",
  MutatingWebhookConfiguration: "admissionregistration.k8s.io",
  ValidatingWebhookConfiguration: "admissionregistration.k8s.io",
  CustomResourceDefinition: "apiextensions.k8s.io",
  HTTPRoute: gatewayGroup,
  GRPCRoute: gatewayGroup,
};

const clusterScoped = [
  "Namespace",
  "Node",
  "MutatingWebhookConfiguration",
  "ValidatingWebhookConfiguration",
  "CustomResourceDefinition",
];

/** An object as analyzers see it. */
export interface AnalyzedObject {
  /** `Gateway` of the Gateway API is `KubernetesGateway`. */
  readonly type: string;
  readonly kind: string;
  /** Empty for what has none, and where none is written and none is assumed. */
  readonly namespace: string;
  readonly name: string;
  /** `namespace/name`, or the name alone. */
  readonly fullName: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** `spec`: of Istio's kinds as its decoder reads it, of others as written; of kinds without one the whole object. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: unknown;
  /** Undefined for what `istioctl analyze` adds itself. */
  readonly source: DocumentObject | undefined;
}

/** Whether analyzers look at the kind. */
export function isAnalyzed({ kind, group }: DocumentObject): boolean {
  return groups[kind] === group || (kind === "Gateway" && group === gatewayGroup);
}

/** Undefined for kinds that no analyzer looks at, and for what does not decode. */
export function analyzedObject(document: DocumentObject, defaultNamespace: string): AnalyzedObject | undefined {
  const { kind, group, entry } = document;
  const isIstio = entry?.group.endsWith("istio.io") === true;
  const type = kind === "Gateway" && group === gatewayGroup ? "KubernetesGateway" : kind;
  if (isIstio ? !entry.versions.includes(document.version) : type !== "KubernetesGateway" && groups[kind] !== group)
    return undefined;
  const decoded: unknown = isIstio ? document.decoded : (document.raw["spec"] ?? document.raw);
  if (!isRecord(decoded)) return undefined;
  const metadata = isRecord(document.raw["metadata"]) ? document.raw["metadata"] : {};
  if (!decodes(metadata)) return undefined;
  const written = typeof metadata["namespace"] === "string" ? metadata["namespace"] : "";
  const namespace = clusterScoped.includes(kind) ? "" : written === "" ? defaultNamespace : written;
  const name = typeof metadata["name"] === "string" ? metadata["name"] : "";
  return {
    type,
    kind,
    namespace,
    name,
    fullName: fullName(namespace, name),
    labels: stringEntries(metadata["labels"]),
    annotations: stringEntries(metadata["annotations"]),
    spec: decoded,
    status: document.raw["status"],
    source: document,
  };
}

/** Names are texts, labels and annotations are maps of texts; a null counts as absent. */
function decodes(metadata: Readonly<Record<string, unknown>>): boolean {
  const { name, namespace, labels, annotations } = metadata;
  return (
    [name, namespace].every((text) => text === undefined || isText(text)) &&
    [labels, annotations].every(
      (map) => map === undefined || map === null || (isRecord(map) && Object.values(map).every(isText)),
    )
  );
}

function isText(value: unknown): boolean {
  return typeof value === "string" || value === null;
}

export function fullName(namespace: string, name: string): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

/** A name that may have its namespace before a slash. */
export function shortOrFullName(defaultNamespace: string, name: string): string {
  return name.includes("/") ? name.replace(/^\//, "") : fullName(defaultNamespace, name);
}

/** The namespace by which messages are filtered: a Namespace counts as of itself. */
export function namespaceOf(object: AnalyzedObject): string {
  return object.type === "Namespace" ? object.name : object.namespace;
}

/** The decoded spec of an object of one of Istio's kinds. */
export function specOf<Kind extends Shape>(object: AnalyzedObject): Decoded<Kind> {
  return object.spec as never;
}
