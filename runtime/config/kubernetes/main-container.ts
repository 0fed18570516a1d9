import { joinIndex } from "../field-path.ts";
import type { PortSpec, PublishSpec } from "../project-ports.ts";
import type { Container } from "../shapes-workloads.ts";
import type { PodTemplate } from "./pod-template.ts";

/** The container whose program is the workload: the one that kubectl takes by default, else the first that is no sidecar of Istio. */
export function mainContainer({ spec, annotations, specPath }: PodTemplate): {
  readonly container: Container;
  readonly path: string;
} {
  const containers = spec.containers ?? [];
  const wanted = annotations["kubectl.kubernetes.io/default-container"];
  const named = containers.findIndex(({ name }) => name === wanted);
  const own = containers.findIndex(({ name }) => name !== "istio-proxy");
  const index = named === -1 ? Math.max(0, own) : named;
  return { container: containers[index] ?? {}, path: joinIndex(`${specPath}.containers`, index) };
}

/** The ports that it declares, each once. */
export function portsOf(container: Container, path: string): readonly PortSpec[] {
  const seen = new Set<string>();
  return (container.ports ?? []).flatMap(({ name = "", containerPort = 0, protocol = "TCP" }, index) => {
    const transport = protocol === "UDP" ? "UDP" : "TCP";
    if (seen.has(`${containerPort}/${transport}`)) return [];
    seen.add(`${containerPort}/${transport}`);
    const field = joinIndex(`${path}.ports`, index);
    return [{ name, port: containerPort, target: containerPort, protocol: undefined, transport, field }];
  });
}

/** Ports of the host that it asks for. */
export function hostPortsOf(container: Container, path: string): readonly PublishSpec[] {
  return (container.ports ?? []).flatMap(({ hostPort = 0, containerPort }, index) =>
    hostPort === 0 ? [] : [{ hostPort, port: containerPort, field: joinIndex(`${path}.ports`, index) }],
  );
}
