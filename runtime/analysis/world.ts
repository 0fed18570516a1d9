import type { DocumentObject } from "../config/documents.ts";
import { type AnalyzedObject, analyzedObject, namespaceOf } from "./object.ts";

/** Everything that is analyzed together. */
export interface World {
  /** Objects of a type, in the order of the files. */
  readonly all: (type: string) => readonly AnalyzedObject[];
  /** By `namespace/name`. */
  readonly find: (type: string, fullName: string) => AnalyzedObject | undefined;
  /** MeshConfig as it is written, over Istio's defaults. */
  readonly meshConfig: Readonly<Record<string, unknown>>;
  readonly meshNetworks: Readonly<Record<string, unknown>>;
  /** Why a certificate in PEM is not one that can be served now. */
  readonly certificateFault: (pem: string) => string | undefined;
}

export interface WorldOptions {
  /** For objects that name none; `istioctl analyze -A` leaves it empty. */
  readonly defaultNamespace: string;
  readonly meshConfig?: Readonly<Record<string, unknown>>;
  readonly meshNetworks?: Readonly<Record<string, unknown>>;
  readonly certificateFault: (pem: string) => string | undefined;
  /** Objects beside those of the documents, such as the built-in ingress gateway. */
  readonly added?: readonly AnalyzedObject[];
}

/** Namespaces of Kubernetes itself, which Istio leaves alone. */
const ignored = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

export function createWorld(documents: readonly DocumentObject[], options: WorldOptions): World {
  const byType = new Map<string, Map<string, AnalyzedObject>>();
  const objects = [
    ...documents.flatMap((document) => analyzedObject(document, options.defaultNamespace) ?? []),
    ...(options.added ?? []),
  ];
  for (const object of objects) {
    if (ignored.includes(namespaceOf(object))) continue;
    const known = byType.get(object.type) ?? new Map<string, AnalyzedObject>();
    byType.set(object.type, known);
    // The same object written twice: the later one counts. What is written counts before what is added.
    if (object.source !== undefined || !known.has(object.fullName)) known.set(object.fullName, object);
  }
  const lists = new Map([...byType].map(([type, named]) => [type, [...named.values()]]));
  return {
    all: (type) => lists.get(type) ?? [],
    find: (type, fullName) => byType.get(type)?.get(fullName),
    meshConfig: options.meshConfig ?? {},
    meshNetworks: options.meshNetworks ?? {},
    certificateFault: options.certificateFault,
  };
}
