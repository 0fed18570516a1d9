import { message, type Message } from "../message.ts";
import type { AnalyzedObject } from "../object.ts";
import { annotationFault } from "./annotation-values.ts";
import type { Analyzer } from "./analyzer.ts";
import { istioAnnotations } from "./known-annotations.ts";

const kinds = ["Namespace", "Service", "Pod", "Deployment"];
/** Written by Istio itself. */
const ignored = ["sidecar.istio.io/status", "gateway.istio.io/controller-version", "istio.io/rev"];
const inject = "sidecar.istio.io/inject";

/** IST0107, IST0108, IST0125, IST0135. */
export const annotations: Analyzer = {
  name: "annotations.K8sAnalyzer",
  inputs: kinds,
  analyze: (world) => kinds.flatMap((kind) => world.all(kind).flatMap(analyzeObject)),
};

function analyzeObject(object: AnalyzedObject): readonly Message[] {
  return Object.entries(object.annotations).flatMap(([name, value]) => {
    const isIstio = name === "kubernetes.io/ingress.class" || (name.split("/")[0] ?? "").endsWith("istio.io");
    if (!isIstio || ignored.includes(name)) return [];
    const known = Object.hasOwn(istioAnnotations, name) ? istioAnnotations[name] : undefined;
    if (known === undefined) return [message("IST0108", object, `Unknown annotation: ${name}`)];
    const deprecated =
      known.deprecated === true && !(name === inject && object.labels[inject] !== undefined)
        ? [
            message(
              "IST0135",
              object,
              `Annotation ${JSON.stringify(name)} has been deprecated${name === inject ? ' in favor of the "sidecar.istio.io/inject" label' : ""} and may not work in future Istio versions.`,
            ),
          ]
        : [];
    if (known.on.includes("Any")) return deprecated;
    if (!known.on.includes(object.kind))
      return [
        ...deprecated,
        message("IST0107", object, `Misplaced annotation: ${name} can only be applied to ${known.on.join(", ")}`),
      ];
    const fault = annotationFault(name, value);
    return fault === undefined
      ? deprecated
      : [...deprecated, message("IST0125", object, `Invalid annotation ${name}: ${fault}`)];
  });
}
