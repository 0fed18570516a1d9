import { deploymentInMesh } from "./in-mesh.ts";
import { sidecarContainer } from "./mesh-objects.ts";
import { type AnalyzedObject, fullName } from "./object.ts";
import { labels, list, record } from "./read.ts";
import type { World } from "./world.ts";

/** The pod that each Deployment would have in a cluster: files describe Deployments, and Istio's analyzers look at pods. */
export function deployedPods(world: World): readonly AnalyzedObject[] {
  return world.all("Deployment").map((deployment) => {
    const template = record(deployment.spec, "template");
    const spec = record(template, "spec");
    const injected = deploymentInMesh(deployment, world) ? [sidecarContainer] : [];
    return {
      type: "Pod",
      kind: "Pod",
      namespace: deployment.namespace,
      name: deployment.name,
      fullName: fullName(deployment.namespace, deployment.name),
      labels: labels(template, "metadata", "labels"),
      annotations: labels(template, "metadata", "annotations"),
      spec: { ...spec, containers: [...list(spec, "containers"), ...injected] },
      status: undefined,
      source: undefined,
    };
  });
}
