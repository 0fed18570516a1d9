import { message, type Message } from "../message.ts";
import { labels, list, record, text } from "../read.ts";
import { matchesLabelSelector } from "../selectors.ts";
import type { Analyzer } from "./analyzer.ts";

/** IST0146, IST0147. */
export const autoImages: Analyzer = {
  name: "injection.ImageAutoAnalyzer",
  inputs: ["Namespace", "Pod", "Deployment", "MutatingWebhookConfiguration"],
  analyze: (world): readonly Message[] => {
    const hooks = world
      .all("MutatingWebhookConfiguration")
      .flatMap((object) => list(object.spec, "webhooks"))
      .filter((hook) => text(hook, "name").endsWith("istio.io"));
    const told = (kind: string, name: string): string =>
      `${kind} ${name} contains \`image: auto\` but does not match any Istio injection webhook selectors.`;
    return [
      ...world
        .all("Pod")
        .filter((pod) => hasAutoImage(pod.spec))
        .map((pod) => message("IST0147", pod, told("Pod", pod.name))),
      ...world
        .all("Deployment")
        .filter((deployment) => {
          const template = record(deployment.spec, "template");
          const namespace = world.find("Namespace", deployment.namespace === "" ? "default" : deployment.namespace);
          const matches = hooks.some(
            (hook) =>
              matchesLabelSelector(record(hook)["namespaceSelector"], namespace?.labels ?? {}) &&
              matchesLabelSelector(record(hook)["objectSelector"], labels(template, "metadata", "labels")),
          );
          return hasAutoImage(record(template, "spec")) && !matches;
        })
        .map((deployment) => message("IST0146", deployment, told("Deployment", deployment.name))),
    ];
  },
};

function hasAutoImage(spec: unknown): boolean {
  return list(spec, "containers").some(
    (container) => text(container, "name") === "istio-proxy" && text(container, "image") === "auto",
  );
}
