import { goList } from "../../config/go-text.ts";
import type { Labels } from "../../model/resource.ts";
import { message, type Message } from "../message.ts";
import { type AnalyzedObject, fullName } from "../object.ts";
import { labels, list, record, text } from "../read.ts";
import { matchesLabelSelector } from "../selectors.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";

const revisionLabel = "istio.io/rev";

interface Hook {
  readonly object: AnalyzedObject;
  /** `configuration/webhook`. */
  readonly name: string;
  readonly hook: unknown;
}

/** IST0139: webhooks that inject the same pod, or call a service that does not exist. */
export const webhooks: Analyzer = {
  name: "webhook.Analyzer",
  inputs: ["MutatingWebhookConfiguration", "Service"],
  analyze: (world) => {
    const own = world
      .all("MutatingWebhookConfiguration")
      .filter((object) => revisions(object).length > 0 || isIstio(object));
    const hooks = own.flatMap((object) =>
      list(object.spec, "webhooks").map((hook) => ({
        object,
        name: `${object.fullName}/${text(hook, "name")}`,
        hook,
      })),
    );
    return [...overlaps(hooks, [...new Set(own.flatMap(revisions))]), ...unknownServices(hooks, world)];
  },
};

function isIstio(object: AnalyzedObject): boolean {
  return list(object.spec, "webhooks").some((hook) => text(hook, "name").endsWith("istio.io"));
}

function revisions(object: AnalyzedObject): readonly string[] {
  const own = object.labels[revisionLabel];
  return [
    ...(own === undefined ? [] : [own]),
    ...list(object.spec, "webhooks").flatMap((hook) =>
      ["namespaceSelector", "objectSelector"].flatMap((key) => {
        const selector = record(hook, key);
        const matched = labels(selector, "matchLabels")[revisionLabel];
        const named = list(selector, "matchExpressions")
          .filter((expression) => text(expression, "key") === revisionLabel)
          .flatMap((expression) => list(expression, "values").map(String));
        return [...(matched === undefined ? [] : [matched]), ...named];
      }),
    ),
  ];
}

/** Every combination of labels that decides about injection must be for one webhook at most. */
function overlaps(hooks: readonly Hook[], known: readonly string[]): readonly Message[] {
  const messages = new Map<string, Message>();
  const ofNamespace = permutations("istio-injection", "enabled", "disabled", known);
  const ofPod = permutations("sidecar.istio.io/inject", "true", "false", known);
  for (const namespace of ofNamespace) {
    for (const pod of ofPod) {
      const matching = hooks.filter(
        ({ hook }) =>
          matchesLabelSelector(record(hook)["namespaceSelector"], namespace) &&
          matchesLabelSelector(record(hook)["objectSelector"], pod),
      );
      const names = new Set(matching.map(({ name }) => name));
      if (names.size < 2) continue;
      for (const { object, name } of matching) {
        const others = goList([...names].filter((other) => other !== name).toSorted());
        messages.set(
          `${name} ${others}`,
          message(
            "IST0139",
            object,
            `Webhook overlaps with others: ${others}. This may cause injection to occur twice.`,
          ),
        );
      }
    }
  }
  return [...messages.values()];
}

function permutations(label: string, on: string, off: string, known: readonly string[]): readonly Labels[] {
  const bases: readonly Labels[] = [{}, { [label]: on }, { [label]: off }];
  return [...bases, ...known.flatMap((revision) => bases.map((base) => ({ ...base, [revisionLabel]: revision })))];
}

function unknownServices(hooks: readonly Hook[], world: World): readonly Message[] {
  return hooks.flatMap(({ object, hook }) => {
    const service = record(hook, "clientConfig")["service"];
    if (service === undefined || service === null) return [];
    const name = fullName(text(service, "namespace"), text(service, "name"));
    return world.find("Service", name) === undefined
      ? [message("IST0139", object, `Injector refers to a control plane service that does not exist: ${name}.`)]
      : [];
  });
}
