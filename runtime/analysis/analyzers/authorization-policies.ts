import type { Labels } from "../../model/resource.ts";
import type { authorizationPolicy } from "../../config/shapes/authorization-policy.ts";
import { podInAmbientMode, podInMesh } from "../in-mesh.ts";
import { message, type Message, notFound } from "../message.ts";
import { type AnalyzedObject, specOf } from "../object.ts";
import { text } from "../read.ts";
import { selects, selectorText } from "../selectors.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";

/** IST0127 and, for namespaces, IST0101. */
export const authorizationPolicies: Analyzer = {
  name: "auth.AuthorizationPoliciesAnalyzer",
  inputs: ["AuthorizationPolicy", "Namespace", "Pod"],
  analyze: (world) => {
    const pods = podsByNamespace(world);
    return world
      .all("AuthorizationPolicy")
      .flatMap((policy) => [...withoutWorkloads(policy, pods, world), ...unknownNamespaces(policy, world)]);
  },
};

/** Labels of the pods that a policy can reach. */
function podsByNamespace(world: World): ReadonlyMap<string, readonly Labels[]> {
  return new Map(
    [
      ...Map.groupBy(
        world.all("Pod").filter((pod) => podInMesh(pod, world) || podInAmbientMode(pod)),
        (pod) => pod.namespace,
      ),
    ].map(([namespace, pods]) => [namespace, pods.map((pod) => pod.labels)]),
  );
}

function withoutWorkloads(
  policy: AnalyzedObject,
  pods: ReadonlyMap<string, readonly Labels[]>,
  world: World,
): readonly Message[] {
  const { selector } = specOf<typeof authorizationPolicy>(policy);
  const root = text(world.meshConfig, "rootNamespace");
  const isMeshWide = policy.namespace === (root === "" ? "istio-system" : root);
  if (isMeshWide && selector === undefined) return [];
  const labels = selector?.matchLabels ?? {};
  const reachable = isMeshWide ? [...pods.values()].flat() : (pods.get(policy.namespace) ?? []);
  return reachable.some((pod) => selects(labels, pod))
    ? []
    : [
        message(
          "IST0127",
          policy,
          `No matching workloads for this resource with the following labels: ${selectorText(labels)}`,
        ),
      ];
}

function unknownNamespaces(policy: AnalyzedObject, world: World): readonly Message[] {
  const known = world.all("Namespace").map((namespace) => namespace.name);
  return (specOf<typeof authorizationPolicy>(policy).rules ?? []).flatMap((rule, index) =>
    (rule.from ?? []).flatMap(({ source = {} }, number) =>
      // Istio looks for both kinds at the places of the first.
      [...(source.namespaces ?? []).entries(), ...(source.notNamespaces ?? []).entries()]
        .filter(([, name]) => !known.some((namespace) => namespaceMatches(namespace, name)))
        .map(([place, name]) =>
          notFound(policy, "namespace", name, `spec.rules[${index}].from[${number}].source.namespaces[${place}]`),
        ),
    ),
  );
}

function namespaceMatches(namespace: string, pattern: string): boolean {
  if (pattern === "*") return true;
  if (pattern.startsWith("*")) return namespace.endsWith(pattern.slice(1));
  if (pattern.endsWith("*")) return namespace.startsWith(pattern.slice(0, -1));
  return namespace.toLowerCase() === pattern.toLowerCase();
}
