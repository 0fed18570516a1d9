import type { Labels } from "../model/resource.ts";
import type { AnalyzedObject } from "./object.ts";
import { labels, list, text } from "./read.ts";
import type { World } from "./world.ts";

const injectLabel = "sidecar.istio.io/inject";

/** Whether a pod has, or would be given, a sidecar. */
export function podInMesh(pod: AnalyzedObject, world: World): boolean {
  return inMesh(pod.annotations, pod.labels, pod.namespace, containersOf(pod.spec), world);
}

export function deploymentInMesh(deployment: AnalyzedObject, world: World): boolean {
  const { spec, namespace } = deployment;
  const containers = list(spec, "template", "spec", "containers");
  return inMesh(
    labels(spec, "template", "metadata", "annotations"),
    labels(spec, "template", "metadata", "labels"),
    namespace,
    containers,
    world,
  );
}

/** Containers and init containers of a pod's spec. */
export function containersOf(spec: unknown): readonly unknown[] {
  return [...list(spec, "containers"), ...list(spec, "initContainers")];
}

/** The image of the sidecar; empty without one. */
export function proxyImage(containers: readonly unknown[]): string {
  return text(
    containers.find((container) => text(container, "name") === "istio-proxy"),
    "image",
  );
}

export function podInAmbientMode(pod: AnalyzedObject): boolean {
  return pod.annotations["ambient.istio.io/redirection"] === "enabled";
}

export function namespaceInAmbientMode(namespace: AnalyzedObject | undefined): boolean {
  if (namespace === undefined) return false;
  const { labels: own } = namespace;
  if (own["istio-injection"] === "enabled" || (own["istio.io/rev"] ?? "") !== "") return false;
  return own["istio.io/dataplane-mode"] === "ambient";
}

/** Objects of Istio's own installation. */
export function isControlPlane(object: AnalyzedObject): boolean {
  return object.labels["istio"] !== undefined || object.labels["release"] === "istio";
}

function inMesh(
  annotations: Labels,
  own: Labels,
  namespace: string,
  containers: readonly unknown[],
  world: World,
): boolean {
  if (proxyImage(containers) !== "") return true;
  const asked = own[injectLabel] ?? annotations[injectLabel];
  if (asked !== undefined) return asked === "true";
  return world.find("Namespace", namespace)?.labels["istio-injection"] === "enabled";
}
