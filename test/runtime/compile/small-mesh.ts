import type { DestinationRuleSpec, VirtualServiceSpec } from "../../../runtime/model/istio-networking.ts";
import type { PeerAuthenticationSpec } from "../../../runtime/model/istio-security.ts";
import type { Mesh, MeshConfig, PortProtocol, Service, ServicePort, Workload } from "../../../runtime/model/mesh.ts";
import type { Resource } from "../../../runtime/model/resource.ts";

/** Meshes small enough to be read in a test. Resources are as old as their place in the list. */

export function workload(name: string, parts: Partial<Workload> = {}): Workload {
  const namespace = parts.namespace ?? "default";
  return {
    id: namespace === "default" ? name : `${name}.${namespace}`,
    service: name,
    name,
    namespace,
    serviceAccount: name,
    trustDomain: undefined,
    labels: { app: name },
    annotations: {},
    sidecar: true,
    address: "10.244.0.10",
    program: undefined,
    ports: [],
    publish: [],
    at: undefined,
    ...parts,
  };
}

export function port(number: number, protocol: PortProtocol = "http", target = number): ServicePort {
  return { name: `${protocol}-${number}`, port: number, target, protocol };
}

export function service(name: string, ports: readonly ServicePort[], parts: Partial<Service> = {}): Service {
  const namespace = parts.namespace ?? "default";
  return {
    name,
    namespace,
    hostname: `${name}.${namespace}.svc.cluster.local`,
    address: "10.96.0.10",
    externalName: undefined,
    ports,
    selector: { app: name },
    labels: {},
    annotations: {},
    ...parts,
  };
}

function resource<Kind extends string, Spec>(
  kind: Kind,
  name: string,
  spec: Spec,
  namespace: string,
  age: number,
): Resource<Kind, Spec> {
  const positions = { file: "mesh.yaml", at: { "": [1, 1] } } as const;
  return {
    apiVersion: "networking.istio.io/v1",
    kind,
    name,
    namespace,
    labels: {},
    annotations: {},
    createdAt: age,
    spec,
    positions,
  };
}

export interface Part<Spec> {
  readonly name?: string;
  readonly namespace?: string;
  readonly spec: Spec;
}

function list<Kind extends string, Spec>(kind: Kind, items: readonly Part<Spec>[] | undefined): Resource<Kind, Spec>[] {
  return (items ?? []).map(({ name, namespace, spec }, age) =>
    resource(kind, name ?? `r${age}`, spec, namespace ?? "default", age + 1),
  );
}

export interface MeshParts {
  readonly workloads: readonly Workload[];
  readonly services: readonly Service[];
  readonly virtualServices?: readonly Part<VirtualServiceSpec>[];
  readonly destinationRules?: readonly Part<DestinationRuleSpec>[];
  readonly peerAuthentications?: readonly Part<PeerAuthenticationSpec>[];
  readonly config?: Partial<MeshConfig>;
}

export function mesh(parts: MeshParts): Mesh {
  return {
    name: "small",
    features: {},
    namespaces: [],
    workloads: parts.workloads,
    services: parts.services,
    policies: {
      peerAuthentications: list("PeerAuthentication", parts.peerAuthentications),
      authorizationPolicies: [],
      destinationRules: list("DestinationRule", parts.destinationRules),
      virtualServices: list("VirtualService", parts.virtualServices),
      sidecars: [],
    },
    credentials: { secrets: [], configMaps: [], readers: [] },
    others: [],
    config: {
      rootNamespace: "istio-system",
      trustDomain: "cluster.local",
      trustDomainAliases: [],
      enableAutoMtls: true,
      outboundTrafficPolicy: "ALLOW_ANY",
      pathNormalization: "BASE",
      extensionProviders: [],
      minProtocolVersion: "TLSV1_2",
      defaultConfig: {},
      h2UpgradePolicy: "DO_NOT_UPGRADE",
      defaultServiceExportTo: ["*"],
      defaultVirtualServiceExportTo: ["*"],
      defaultDestinationRuleExportTo: ["*"],
      defaultHttpRetryPolicy: undefined,
      raw: {},
      ...parts.config,
    },
  };
}
