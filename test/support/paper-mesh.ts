import { parseDocuments } from "../../runtime/config/documents.ts";
import { resolveMeshConfig } from "../../runtime/config/mesh-config.ts";
import { sortResources } from "../../runtime/config/policies.ts";
import type { Mesh, PortProtocol, Service, Workload } from "../../runtime/model/mesh.ts";

/** A mesh on paper: workloads and services by hand, policies as YAML. */
export interface PaperMeshInit {
  readonly workloads: readonly Workload[];
  readonly services?: readonly Service[];
  readonly yaml?: string;
  readonly meshConfig?: Readonly<Record<string, unknown>>;
}

export function paperMesh(init: PaperMeshInit): Mesh {
  const file = parseDocuments({ path: "mesh.yaml", text: init.yaml ?? "" });
  const problems = [...file.problems, ...file.documents.flatMap((document) => document.problems)].filter(
    (problem) => problem.severity === "error",
  );
  const config = resolveMeshConfig(init.meshConfig ?? {}).value;
  if (config === undefined || problems.length > 0) throw new Error(JSON.stringify(problems));
  const services = init.services ?? [];
  return {
    name: "paper",
    config,
    features: {},
    namespaces: [...new Set([...init.workloads, ...services].map((each) => each.namespace))].map((name) => ({
      name,
      labels: {},
      annotations: {},
    })),
    workloads: init.workloads,
    services,
    ...sortResources(file.documents.flatMap((document) => document.resource ?? [])),
  };
}

export function paperWorkload(name: string, address: string, change: Partial<Workload> = {}): Workload {
  const namespace = change.namespace ?? "default";
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
    address,
    program: undefined,
    ports: [{ name: "http", port: 8080 }],
    publish: [],
    at: undefined,
    ...change,
  };
}

export function paperService(
  name: string,
  address: string,
  ports: readonly (readonly [port: number, target: number, protocol: PortProtocol])[] = [[8080, 8080, "http"]],
  change: Partial<Service> = {},
): Service {
  const namespace = change.namespace ?? "default";
  return {
    name,
    namespace,
    hostname: `${name}.${namespace}.svc.cluster.local`,
    address,
    externalName: undefined,
    ports: ports.map(([port, target, protocol]) => ({ name: `${protocol}-${port}`, port, target, protocol })),
    selector: { app: name },
    labels: {},
    annotations: {},
    ...change,
  };
}

/** frontend, backend, an intruder in another namespace, and a workload without sidecar. */
export function smallMesh(yaml = "", meshConfig: Readonly<Record<string, unknown>> = {}): Mesh {
  return paperMesh({
    workloads: [
      paperWorkload("frontend", "10.244.0.2"),
      paperWorkload("backend", "10.244.0.3", {
        ports: [
          { name: "http", port: 8080 },
          { name: "tcp", port: 9000 },
        ],
      }),
      paperWorkload("intruder", "10.244.0.4", { namespace: "other" }),
      paperWorkload("outsider", "10.244.0.5", { sidecar: false, serviceAccount: "default" }),
    ],
    services: [
      paperService("frontend", "10.96.0.2"),
      paperService("backend", "10.96.0.3", [
        [8080, 8080, "http"],
        [9000, 9000, "tcp"],
        [9500, 9500, "auto"],
      ]),
    ],
    yaml,
    meshConfig,
  });
}
