import { goList, quote } from "../../config/go-text.ts";
import type { Decoded } from "../../config/shape.ts";
import type { telemetry } from "../../config/shapes/telemetry.ts";
import { message, type Message, notFound } from "../message.ts";
import { type AnalyzedObject, specOf } from "../object.ts";
import { has, list, text } from "../read.ts";
import { selectorField, selectorText, selects } from "../selectors.ts";
import type { Analyzer } from "./analyzer.ts";

function spec(object: AnalyzedObject): Decoded<typeof telemetry> {
  return specOf<typeof telemetry>(object);
}

function namesOf(objects: readonly AnalyzedObject[]): string {
  return goList(objects.map((object) => object.name).toSorted());
}

/** IST0157. */
export const telemetryProviders: Analyzer = {
  name: "telemetry.ProviderAnalyzer",
  inputs: ["Telemetry"],
  analyze: (world) =>
    list(world.meshConfig, "defaultProviders", "accessLogging").length > 0
      ? []
      : world
          .all("Telemetry")
          .flatMap((object) =>
            (spec(object).accessLogging ?? [])
              .filter(({ disabled, providers = [] }) => disabled !== true && providers.length === 0)
              .map(() =>
                message(
                  "IST0157",
                  object,
                  `The Telemetry ${object.name} in namespace ${quote(object.namespace)} with empty providers will be ignored.`,
                ),
              ),
          ),
};

/** IST0159, and IST0101 for Telemetries that select nothing. */
export const telemetrySelectors: Analyzer = {
  name: "telemetry.SelectorAnalyzer",
  inputs: ["Telemetry", "Pod"],
  analyze: (world) => {
    const byPod = new Map<AnalyzedObject, AnalyzedObject[]>();
    const unmatched: Message[] = [];
    for (const object of world.all("Telemetry")) {
      const labels = spec(object).selector?.matchLabels ?? {};
      if (Object.keys(labels).length === 0) continue;
      const pods = world.all("Pod").filter((pod) => pod.namespace === object.namespace && selects(labels, pod.labels));
      for (const pod of pods) byPod.set(pod, [...(byPod.get(pod) ?? []), object]);
      const selector = selectorText(labels);
      if (pods.length === 0)
        unmatched.push(notFound(object, "selector", selector, selectorField("spec.selector.matchLabels", selector)));
    }
    const conflicts = [...byPod]
      .filter(([, objects]) => objects.length > 1)
      .flatMap(([pod, objects]) =>
        objects.map((object) =>
          message(
            "IST0159",
            object,
            `The Telemetries ${namesOf(objects)} in namespace ${quote(pod.namespace)} select the same workload pod ${quote(pod.name)}, which can lead to undefined behavior.`,
            "metadata.name",
          ),
        ),
      );
    return [...unmatched, ...conflicts];
  },
};

/** IST0160. */
export const telemetryDefaults: Analyzer = {
  name: "telemetry.DefaultSelectorAnalyzer",
  inputs: ["Telemetry"],
  analyze: (world) =>
    [
      ...Map.groupBy(
        world.all("Telemetry").filter((object) => spec(object).selector === undefined),
        (object) => object.namespace,
      ),
    ]
      .filter(([, objects]) => objects.length > 1)
      .flatMap(([namespace, objects]) =>
        objects.map((object) =>
          message(
            "IST0160",
            object,
            `The Telemetries ${namesOf(objects)} in namespace ${quote(namespace)} have no workload selector, which can lead to undefined behavior.`,
          ),
        ),
      ),
};

/** IST0002 for the tracing provider Lightstep. */
export const lightstep: Analyzer = {
  name: "telemetry.LightstepAnalyzer",
  inputs: ["Telemetry"],
  analyze: (world) => {
    const names = list(world.meshConfig, "extensionProviders")
      .filter((provider) => has(provider, "lightstep"))
      .map((provider) => text(provider, "name"));
    return world.all("Telemetry").flatMap((object) =>
      (spec(object).tracing ?? [])
        .flatMap(({ providers = [] }) => providers.map(({ name = "" }) => name))
        .filter((name) => names.includes(name))
        .map((name) =>
          message(
            "IST0002",
            object,
            `Deprecated: The Lightstep provider ${name} is deprecated, please migrate to OpenTelemetry provider.`,
          ),
        ),
    );
  },
};
