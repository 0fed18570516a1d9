import { goList, quote } from "../../config/go-text.ts";
import type { sidecar } from "../../config/shapes/sidecar.ts";
import { namespaceInAmbientMode, podInAmbientMode } from "../in-mesh.ts";
import { message, type Message, notFound } from "../message.ts";
import { type AnalyzedObject, specOf } from "../object.ts";
import { selectorField, selectorText, selects } from "../selectors.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";

/** IST0110, IST0111, IST0167, and IST0101 for Sidecars that select nothing. */
export const sidecarSelectors: Analyzer = {
  name: "sidecar.SelectorAnalyzer",
  inputs: ["Sidecar", "Pod", "Namespace"],
  analyze: (world) => {
    const ineffective = new Set<AnalyzedObject>();
    return [...unmatched(world), ...perPod(world, ineffective), ...perNamespace(world, ineffective)];
  },
};

function selectorOf(object: AnalyzedObject): Readonly<Record<string, string>> {
  return specOf<typeof sidecar>(object).workloadSelector?.labels ?? {};
}

function isWide(object: AnalyzedObject): boolean {
  return Object.keys(selectorOf(object)).length === 0;
}

function selected(object: AnalyzedObject, world: World): readonly AnalyzedObject[] {
  return world
    .all("Pod")
    .filter((pod) => pod.namespace === object.namespace && selects(selectorOf(object), pod.labels));
}

function unmatched(world: World): readonly Message[] {
  return world
    .all("Sidecar")
    .filter((object) => !isWide(object) && selected(object, world).length === 0)
    .map((object) => {
      const selector = selectorText(selectorOf(object));
      return notFound(object, "selector", selector, selectorField("spec.workloadSelector.labels", selector));
    });
}

function perPod(world: World, ineffective: Set<AnalyzedObject>): readonly Message[] {
  const byPod = new Map<AnalyzedObject, AnalyzedObject[]>();
  for (const object of world.all("Sidecar").filter((each) => !isWide(each)))
    for (const pod of selected(object, world)) byPod.set(pod, [...(byPod.get(pod) ?? []), object]);
  return [...byPod].flatMap(([pod, sidecars]) => {
    if (podInAmbientMode(pod))
      return withoutEffect(sidecars, ineffective, "selected workload is in ambient mode, the policy has no impact");
    if (sidecars.length === 1) return [];
    return sidecars.map((object) =>
      message(
        "IST0110",
        object,
        `The Sidecars ${namesOf(sidecars)} in namespace ${quote(pod.namespace)} select the same workload pod ${quote(pod.name)}, which can lead to undefined behavior.`,
        "metadata.name",
      ),
    );
  });
}

function perNamespace(world: World, ineffective: Set<AnalyzedObject>): readonly Message[] {
  return [...Map.groupBy(world.all("Sidecar").filter(isWide), (object) => object.namespace)].flatMap(
    ([namespace, sidecars]) => {
      if (namespaceInAmbientMode(world.find("Namespace", namespace)))
        return withoutEffect(sidecars, ineffective, "namespace is in ambient mode, the policy has no impact");
      if (sidecars.length === 1) return [];
      return sidecars.map((object) =>
        message(
          "IST0111",
          object,
          `The Sidecars ${namesOf(sidecars)} in namespace ${quote(namespace)} have no workload selector, which can lead to undefined behavior.`,
        ),
      );
    },
  );
}

/** Each Sidecar is told once. */
function withoutEffect(
  sidecars: readonly AnalyzedObject[],
  told: Set<AnalyzedObject>,
  why: string,
): readonly Message[] {
  const fresh = sidecars.filter((object) => !told.has(object));
  for (const object of fresh) told.add(object);
  return fresh.map((object) => message("IST0167", object, `The policy has no impact: ${why}.`));
}

function namesOf(objects: readonly AnalyzedObject[]): string {
  return goList(objects.map((object) => object.name).toSorted());
}
