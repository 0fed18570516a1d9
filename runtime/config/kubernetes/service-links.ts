import type { Problem } from "../../core/problem.ts";
import type { Labels, Resource } from "../../model/resource.ts";
import { joinIndex } from "../field-path.ts";
import type { PublishSpec } from "../project-ports.ts";
import type { Group } from "../workloads.ts";
import { problemAt } from "./objects.ts";

/** A node port that a Service asks for leads to the first workload behind it. */
export function withNodePorts(groups: readonly Group[], resources: readonly Resource[]): readonly Group[] {
  const asked = resources.flatMap((resource) => {
    const service = serviceOf(resource);
    const index = groups.findIndex((group) => isBehind(group, resource, service?.selector ?? {}));
    return index === -1 ? [] : (service?.nodePorts ?? []).map((publish) => ({ index, publish }));
  });
  return groups.map((group, at) => ({
    ...group,
    publish: [
      ...group.publish,
      ...asked.flatMap(({ index, publish }) => (index === at && group.sidecar ? [publish] : [])),
    ],
  }));
}

interface ServiceParts {
  readonly selector: Labels;
  readonly nodePorts: readonly PublishSpec[];
}

function serviceOf({ kind, apiVersion, spec }: Resource): ServiceParts | undefined {
  if (kind !== "Service" || apiVersion !== "v1" || !isServiceSpec(spec)) return undefined;
  return {
    selector: spec.selector ?? {},
    nodePorts: (spec.ports ?? []).flatMap(({ port, targetPort, nodePort = 0 }, index) =>
      nodePort === 0
        ? []
        : [
            {
              hostPort: nodePort,
              port: typeof targetPort === "number" ? targetPort : port,
              field: joinIndex("spec.ports", index),
            },
          ],
    ),
  };
}

/** Its shape was checked when it was read. */
function isServiceSpec(spec: unknown): spec is {
  readonly selector?: Labels;
  readonly ports?: readonly { readonly port: number; readonly targetPort?: unknown; readonly nodePort?: number }[];
} {
  return typeof spec === "object" && spec !== null;
}

function isBehind(group: Group, service: Resource, selector: Labels): boolean {
  const wanted = Object.entries(selector);
  return (
    wanted.length > 0 &&
    group.namespace === service.namespace &&
    wanted.every(([name, value]) => group.labels[name] === value)
  );
}

/** Services of the files that select no workload. */
export function idleServices(resources: readonly Resource[], groups: readonly Group[]): readonly Problem[] {
  return resources.flatMap((resource) => {
    const selector = serviceOf(resource)?.selector ?? {};
    if (Object.keys(selector).length === 0 || groups.some((group) => isBehind(group, resource, selector))) return [];
    const words = Object.entries(selector).map(([name, value]) => `${name}=${value}`);
    return [
      problemAt(resource, "spec.selector", {
        code: "MD2031",
        severity: "warning",
        message: `no workload of ${resource.namespace} has the labels ${words.join(", ")}; calls to ${resource.name} find nobody`,
        hint: "compare the selector with the labels of the pod template",
      }),
    ];
  });
}
