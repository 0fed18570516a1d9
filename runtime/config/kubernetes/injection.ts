import type { Labels, Resource } from "../../model/resource.ts";
import type { PodTemplate } from "./pod-template.ts";

const inject = "sidecar.istio.io/inject";
const revision = "istio.io/rev";
/** Namespaces that Istio's webhook leaves alone. */
const ignored: readonly string[] = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

/** Labels of the namespaces that are written, by name. */
export function namespaceLabels(resources: readonly Resource[]): ReadonlyMap<string, Labels> {
  return new Map(
    resources
      .filter(({ kind, apiVersion }) => kind === "Namespace" && apiVersion === "v1")
      .map(({ name, labels }) => [name, labels] as const),
  );
}

/**
 * Whether Istio's webhook would give a pod a sidecar: its selectors on namespace and pod first, then what the pod itself asks for.
 * A namespace of which no document is written counts as labelled `istio-injection: enabled`: the files do not say what was done to it by hand.
 */
export function isInjected(
  { labels, annotations, spec, resource }: PodTemplate,
  namespaces: ReadonlyMap<string, Labels>,
): boolean {
  if (spec.hostNetwork === true || ignored.includes(resource.namespace)) return false;
  const namespace = namespaces.get(resource.namespace) ?? { "istio-injection": "enabled" };
  const injection = namespace["istio-injection"];
  const isNamespaceOn = injection === "enabled" || (injection === undefined && (namespace[revision] ?? "") !== "");
  const asked = labels[inject];
  const isPodOn =
    injection === undefined &&
    namespace[revision] === undefined &&
    (asked === "true" || (labels[revision] ?? "") !== "");
  if (!(isNamespaceOn || isPodOn)) return false;
  return (asked ?? annotations[inject]) !== "false";
}
