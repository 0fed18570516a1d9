import { goList } from "../../config/go-text.ts";
import { containersOf, proxyImage } from "../in-mesh.ts";
import { message, type Message } from "../message.ts";
import type { AnalyzedObject } from "../object.ts";
import { record, text } from "../read.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";

const injectionLabel = "istio-injection";
const revisionLabel = "istio.io/rev";
const modeLabel = "istio.io/dataplane-mode";

/** IST0102, IST0103, IST0123, IST0148. */
export const injection: Analyzer = {
  name: "injection.Analyzer",
  inputs: ["Namespace", "Pod", "ConfigMap"],
  analyze: (world) => [
    ...world.all("Namespace").flatMap((namespace) => analyzeNamespace(namespace, world)),
    ...world.all("Pod").flatMap((pod) => analyzePod(pod, world)),
  ],
};

function analyzeNamespace(object: AnalyzedObject, world: World): readonly Message[] {
  const { name, labels } = object;
  if (name === "istio-system") return [];
  const injected = labels[injectionLabel];
  const others = [revisionLabel, modeLabel].filter(
    (label) => labels[label] !== undefined && (injected === undefined || injected === "enabled"),
  );
  const told = [
    ...(injected === undefined ? [] : [`${injectionLabel}=${injected}`]),
    ...others.map((label) => `${label}=${labels[label] ?? ""}`),
  ];
  const several =
    told.length > 1
      ? [
          message(
            "IST0123",
            object,
            `The namespace has more than one type of injection labels ${goList(told)}, which may lead to undefined behavior. Make sure only one injection label exists.`,
          ),
        ]
      : [];
  if (labels[modeLabel] === "ambient" || (injected ?? "") !== "" || labels[revisionLabel] !== undefined) return several;
  if (injectsByDefault(world))
    return [
      ...several,
      message(
        "IST0148",
        object,
        "is enabled for Istio injection, as Istio is installed with enableNamespacesByDefault as true.",
      ),
    ];
  return [
    ...several,
    message(
      "IST0102",
      object,
      `The namespace is not enabled for Istio injection. Run 'kubectl label namespace ${name} istio-injection=enabled' to enable it, or 'kubectl label namespace ${name} istio-injection=disabled' to explicitly mark it as not needing injection.`,
      "metadata.name",
    ),
  ];
}

/** Of the injector of the default revision: only namespaces without a revision ask. */
function injectsByDefault(world: World): boolean {
  const map = world.all("ConfigMap").find(({ name }) => name === "istio-sidecar-injector");
  const values = map === undefined ? undefined : parsed(text(map.spec, "data", "values"));
  return record(values, "sidecarInjectorWebhook")["enableNamespacesByDefault"] === true;
}

function parsed(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    return value;
  } catch {
    return undefined;
  }
}

function analyzePod(pod: AnalyzedObject, world: World): readonly Message[] {
  const namespace = world.find("Namespace", pod.namespace);
  const isInjected =
    namespace !== undefined &&
    namespace.name !== "istio-system" &&
    namespace.labels[modeLabel] !== "ambient" &&
    namespace.labels[injectionLabel] === "enabled";
  const asked = pod.labels["sidecar.istio.io/inject"] ?? pod.annotations["sidecar.istio.io/inject"] ?? "";
  if (!isInjected || asked.toLowerCase() === "false" || pod.spec["hostNetwork"] === true) return [];
  return proxyImage(containersOf(pod.spec)) === ""
    ? [
        message(
          "IST0103",
          pod,
          `The pod ${pod.fullName} is missing the Istio proxy. This can often be resolved by restarting or redeploying the workload.`,
        ),
      ]
    : [];
}
