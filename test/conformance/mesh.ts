import { parseDocuments } from "../../runtime/config/documents.ts";
import { resolveMeshConfig } from "../../runtime/config/mesh-config.ts";
import { sortResources } from "../../runtime/config/policies.ts";
import {
  proxyConfigAnnotation,
  readProxyConfig,
  readProxyConfigAnnotation,
} from "../../runtime/config/proxy-config.ts";
import { portProtocol } from "../../runtime/config/port-protocol.ts";
import type { Mesh, Service, Workload } from "../../runtime/model/mesh.ts";
import type { Resource } from "../../runtime/model/resource.ts";
import { withAuthorizer, withProviders } from "./ext-authz.ts";
import type { Case, CaseService, CaseWorkload, Expected } from "./case.ts";
import { paperPem, type PemWish, withPem } from "./pem.ts";
import { withKeys } from "./tokens.ts";

export interface CaseMesh {
  readonly mesh: Mesh;
  /** Documents that do not validate, `Kind namespace/name`. */
  readonly rejected: readonly string[];
}

/** A case's mesh, as resolving the same files would give it. */
export function meshOf(given: Case, expected: Expected, pem: (wish: PemWish) => string = paperPem): CaseMesh {
  const spec = withAuthorizer(given);
  const file = parseDocuments({ path: `${spec.id}.yaml`, text: withPem(withKeys(spec.config), pem) });
  const resources = file.documents.flatMap(({ resource }, index): readonly Resource[] =>
    resource === undefined ? [] : [{ ...resource, createdAt: resource.createdAt ?? firstDay + index * 1000 }],
  );
  const config = resolveMeshConfig(withProviders(spec.mesh)).value;
  if (config === undefined) throw new Error(`${spec.id}: the mesh configuration is not valid`);
  const services = spec.services.map((service, index) => serviceOf(service, index, expected));
  const workloads = spec.workloads.map((workload, index) => workloadOf(workload, index, expected, services));
  const names = [
    ...new Set([...workloads, ...services, ...resources].map((each) => each.namespace)),
    config.rootNamespace,
  ];
  return {
    rejected: file.documents.filter((document) => document.resource === undefined).map((document) => document.label),
    mesh: {
      name: spec.id,
      config,
      features: spec.features,
      namespaces: names.map((name) => ({
        name,
        labels: spec.namespaces[name]?.labels ?? {},
        annotations: spec.namespaces[name]?.annotations ?? {},
      })),
      workloads,
      services,
      ...sortResources(resources),
    },
  };
}

/** Ages of documents that do not say theirs rise by their place in the file. */
const firstDay = Date.UTC(2024, 0, 1);

/** What the injector passes to the proxy: the annotation, or the same already read. */
function proxyConfigOf(workload: CaseWorkload): Pick<Workload, "proxyConfig"> {
  const given = workload.proxyMetadata?.["PROXY_CONFIG"];
  const said = workload.annotations?.[proxyConfigAnnotation];
  if (given !== undefined) return { proxyConfig: readProxyConfig(given, "PROXY_CONFIG").config };
  return said === undefined ? {} : { proxyConfig: readProxyConfigAnnotation(said).config };
}

function serviceOf(service: CaseService, index: number, expected: Expected): Service {
  const namespace = service.namespace ?? "default";
  const address = expected.addresses?.[`svc:${service.name}.${namespace}`] ?? `10.96.0.${10 + index}`;
  return {
    name: service.name,
    namespace,
    hostname: `${service.name}.${namespace}.svc.cluster.local`,
    address: service.clusterIP === "None" ? "None" : address,
    externalName: service.externalName,
    ports: (service.ports ?? []).map((port) => ({
      name: port.name ?? "",
      port: port.port,
      target: port.targetPort ?? port.port,
      protocol: portProtocol({
        name: port.name ?? "",
        port: port.port,
        appProtocol: port.appProtocol,
        transport: port.protocol ?? "TCP",
      }),
    })),
    selector: service.selector ?? {},
    labels: service.labels ?? {},
    annotations: service.annotations ?? {},
    createdAt: firstDay + index * 1000,
  };
}

function workloadOf(workload: CaseWorkload, index: number, expected: Expected, services: readonly Service[]): Workload {
  const namespace = workload.namespace ?? "default";
  const labels = workload.labels ?? { app: workload.name };
  const selecting = services.filter(
    (service) =>
      service.namespace === namespace &&
      Object.keys(service.selector).length > 0 &&
      Object.entries(service.selector).every(([key, value]) => labels[key] === value),
  );
  const ports = new Set([
    ...selecting.flatMap((service) => service.ports.map((port) => port.target)),
    ...(workload.ports ?? []).map((port) => port.port),
  ]);
  if (ports.size === 0) ports.add(8080);
  const sidecar = workload.sidecar ?? false;
  return {
    id: `${workload.name}.${namespace}`,
    service: workload.name,
    name: workload.name,
    namespace,
    serviceAccount: workload.serviceAccount ?? (sidecar ? workload.name : "default"),
    trustDomain: workload.trustDomain,
    labels,
    annotations: workload.annotations ?? {},
    ...proxyConfigOf(workload),
    sidecar,
    address:
      workload.ip ??
      expected.addresses?.[`${workload.name}.${namespace}`] ??
      `10.244.${sidecar ? 0 : 1}.${100 + index}`,
    program: undefined,
    ports: [...ports].map((port) => ({ name: "", port })),
    publish: [],
    at: undefined,
  };
}
