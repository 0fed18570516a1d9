import type { proxyConfig } from "../../config/shapes/proxy-config.ts";
import { goList } from "../../config/go-text.ts";
import { containersOf } from "../in-mesh.ts";
import { message, type Message } from "../message.ts";
import { type AnalyzedObject, specOf } from "../object.ts";
import { record, text } from "../read.ts";
import { selects } from "../selectors.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";

const injector = "istio-sidecar-injector";

/** IST0158. */
export const injectedImages: Analyzer = {
  name: "injection.ImageAnalyzer",
  inputs: ["Namespace", "Pod", "ConfigMap", "ProxyConfig"],
  analyze: (world) => {
    const images = new Map(
      world
        .all("ConfigMap")
        .filter(({ name }) => name.startsWith(injector))
        .map((map) => [map.name, injectedImage(text(map.spec, "data", "values"))]),
    );
    const outdated = Map.groupBy(
      world.all("Pod").filter((pod) => isOutdated(pod, images, world)),
      (pod) => pod.namespace,
    );
    return [...outdated].flatMap(([name, pods]): readonly Message[] => {
      const namespace = world.find("Namespace", name);
      return namespace === undefined
        ? []
        : [
            message(
              "IST0158",
              namespace,
              `The Istio proxy images of the pods running in the namespace do not match the image defined in the injection configuration (pod names: ${goList(pods.map((pod) => pod.name).toSorted())}). This often happens after upgrading the Istio control-plane and can be fixed by redeploying the pods.`,
            ),
          ];
    });
  },
};

function isOutdated(pod: AnalyzedObject, images: ReadonlyMap<string, string>, world: World): boolean {
  const labels = world.find("Namespace", pod.namespace)?.labels ?? {};
  const revision = labels["istio.io/rev"] ?? (labels["istio-injection"] === "enabled" ? "default" : undefined);
  if (revision === undefined || (pod.annotations["sidecar.istio.io/proxyImage"] ?? "") !== "") return false;
  const image = images.get(revision === "" || revision === "default" ? injector : `${injector}-${revision}`);
  if (image === undefined) return false;
  const variant = `${image}-${imageType(pod, world)}`;
  return containersOf(pod.spec)
    .filter((container) => text(container, "name") === "istio-proxy")
    .some((container) => ![image, variant].includes(text(container, "image")));
}

function injectedImage(values: string): string {
  try {
    const global = record(JSON.parse(values), "global");
    const image = text(global, "proxy", "image");
    return image.includes("/") ? image : `${text(global, "hub")}/${image}:${text(global, "tag")}`;
  } catch {
    return "";
  }
}

/** The image variant that MeshConfig and ProxyConfigs ask for; the narrowest one counts. */
function imageType(pod: AnalyzedObject, world: World): string {
  const root = text(world.meshConfig, "rootNamespace");
  const rootNamespace = root === "" ? "istio-system" : root;
  let variant = text(world.meshConfig, "defaultConfig", "image", "imageType");
  const level = (object: AnalyzedObject): number =>
    object.namespace === rootNamespace ? 0 : specOf<typeof proxyConfig>(object).selector === undefined ? 1 : 2;
  for (const object of world.all("ProxyConfig").toSorted((a, b) => level(a) - level(b))) {
    const { image, selector } = specOf<typeof proxyConfig>(object);
    const applies =
      level(object) === 0 || (object.namespace === pod.namespace && selects(selector?.matchLabels ?? {}, pod.labels));
    if (applies && (image?.imageType ?? "") !== "") variant = image?.imageType ?? "";
  }
  return variant === "default" ? "" : variant;
}
