import type { Mesh } from "../model/mesh.ts";
import { type AnalyzedObject, fullName } from "./object.ts";

type Made = Pick<AnalyzedObject, "kind" | "namespace" | "name" | "labels" | "annotations" | "spec">;

function made(object: Made): AnalyzedObject {
  return {
    ...object,
    type: object.kind,
    fullName: fullName(object.namespace, object.name),
    status: undefined,
    source: undefined,
  };
}

/** The namespaces, services and workloads of a project, as the objects that a cluster would have for them. */
export function meshObjects(mesh: Mesh): readonly AnalyzedObject[] {
  return [
    ...mesh.namespaces.map(({ name, labels }) =>
      made({
        kind: "Namespace",
        namespace: "",
        name,
        labels: { "istio-injection": "enabled", ...labels },
        annotations: {},
        spec: {},
      }),
    ),
    ...mesh.services.map(({ name, namespace, labels, annotations, selector, ports }) =>
      made({
        kind: "Service",
        namespace,
        name,
        labels,
        annotations,
        spec: {
          selector,
          ports: ports.map((port) => ({
            name: port.name,
            port: port.port,
            targetPort: port.target,
            protocol: port.protocol === "udp" ? "UDP" : "TCP",
            // The project says the protocol, whatever the name is.
            ...(port.protocol === "auto" || port.protocol === "udp" ? {} : { appProtocol: port.protocol }),
          })),
        },
      }),
    ),
    ...mesh.workloads.map(({ name, namespace, labels, annotations, sidecar }) =>
      made({
        kind: "Pod",
        namespace,
        name,
        labels,
        annotations,
        spec: { containers: [{ name: "app", image: "app" }, ...(sidecar ? [sidecarContainer] : [])] },
      }),
    ),
  ];
}

export const sidecarContainer = { name: "istio-proxy", image: "proxyv2" };
