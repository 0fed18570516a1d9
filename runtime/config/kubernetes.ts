import type { Namespace, ServicePort } from "../model/mesh.ts";
import type { Resource } from "../model/resource.ts";
import { portProtocol } from "./port-protocol.ts";
import { isRecord } from "./yaml-tree.ts";

/** A Service before it has an address; a port's target may be the name of a workload port. */
export interface ServiceDraft {
  readonly name: string;
  readonly namespace: string;
  readonly headless: boolean;
  readonly externalName: string | undefined;
  readonly ports: readonly PortDraft[];
  readonly selector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly createdAt?: number;
  /** The document, when it comes from the mesh folder. */
  readonly resource: Resource | undefined;
}

interface PortDraft extends Omit<ServicePort, "target"> {
  readonly target: number | string;
}

/** Services written as Kubernetes documents. */
export function kubernetesServices(resources: readonly Resource[]): readonly ServiceDraft[] {
  return resources.filter((resource) => resource.kind === "Service" && resource.apiVersion === "v1").map(readService);
}

/** Namespaces that are written, and those that only a resource or workload names. */
export function kubernetesNamespaces(resources: readonly Resource[], used: readonly string[]): readonly Namespace[] {
  const written = new Map(
    resources
      .filter((resource) => resource.kind === "Namespace" && resource.apiVersion === "v1")
      .map((resource) => [resource.name, resource] as const),
  );
  const names = new Set(["default", ...written.keys(), ...used, ...resources.map((resource) => resource.namespace)]);
  names.delete("");
  return [...names].toSorted().map((name) => ({
    name,
    labels: { "kubernetes.io/metadata.name": name, ...written.get(name)?.labels },
    annotations: written.get(name)?.annotations ?? {},
  }));
}

function readService(resource: Resource): ServiceDraft {
  const spec = isRecord(resource.spec) ? resource.spec : {};
  const externalName =
    spec["type"] === "ExternalName" && typeof spec["externalName"] === "string" ? spec["externalName"] : undefined;
  const ports: readonly unknown[] = Array.isArray(spec["ports"]) ? spec["ports"] : [];
  return {
    name: resource.name,
    namespace: resource.namespace,
    headless: spec["clusterIP"] === "None",
    externalName,
    ports: ports.flatMap((port) => (isRecord(port) ? readPort(port) : [])),
    selector: strings(spec["selector"]),
    labels: resource.labels,
    annotations: resource.annotations,
    ...(resource.createdAt === undefined ? {} : { createdAt: resource.createdAt }),
    resource,
  };
}

function readPort(port: Readonly<Record<string, unknown>>): readonly PortDraft[] {
  const number = port["port"];
  if (typeof number !== "number") return [];
  const name = typeof port["name"] === "string" ? port["name"] : "";
  const appProtocol = typeof port["appProtocol"] === "string" ? port["appProtocol"] : undefined;
  const transport = typeof port["protocol"] === "string" ? port["protocol"] : "TCP";
  const target = port["targetPort"];
  const numeric = typeof target === "string" && /^\d{1,5}$/.test(target) ? Number(target) : target;
  return [
    {
      name,
      port: number,
      target:
        typeof numeric === "number" && numeric > 0
          ? numeric
          : typeof numeric === "string" && numeric !== ""
            ? numeric
            : number,
      protocol: portProtocol({ name, port: number, appProtocol, transport }),
    },
  ];
}

function strings(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
