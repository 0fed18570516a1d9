import type { Labels } from "../../model/resource.ts";
import type { destinationRule } from "../../config/shapes/destination-rule.ts";
import { message, type Message } from "../message.ts";
import { type AnalyzedObject, specOf } from "../object.ts";
import { text } from "../read.ts";
import { selects } from "../selectors.ts";
import { destinationHost, serviceHosts } from "../service-hosts.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";

const region = "topology.kubernetes.io/region";
const zone = "topology.kubernetes.io/zone";
const subzone = "topology.istio.io/subzone";

/** IST0173, IST0174. */
export const subsets: Analyzer = {
  name: "destinationrule.SubsetSelectPodAnalyzer",
  inputs: ["DestinationRule", "Pod", "Service", "ServiceEntry", "Node"],
  analyze: (world) => {
    const hosts = serviceHosts(world);
    const pods = world.all("Pod").map((pod) => withTopology(pod, world));
    return world.all("DestinationRule").flatMap((object): readonly Message[] => {
      const spec = specOf<typeof destinationRule>(object);
      const host = spec.host ?? "";
      const service = destinationHost(object.namespace, spec.exportTo ?? [], host, hosts);
      if (service === undefined)
        return [
          message(
            "IST0174",
            object,
            `The host ${host} defined in the DestinationRule does not match any services in the mesh.`,
          ),
        ];
      const named = new Map((spec.subsets ?? []).map((subset) => [subset.name ?? "", subset.labels ?? {}]));
      return [...named]
        .filter(([, labels]) => !pods.some((pod) => selects({ ...service.workloads, ...labels }, pod)))
        .map(([name]) =>
          message(
            "IST0173",
            object,
            `The Subset ${name} defined in the DestinationRule does not select any pods. Which may lead to 503 UH (NoHealthyUpstream).`,
          ),
        );
    });
  },
};

/** A pod's labels with those that Istio adds from its node. */
function withTopology(pod: AnalyzedObject, world: World): Labels {
  const nodeName = text(pod.spec, "nodeName");
  const node = world.find("Node", nodeName)?.labels ?? {};
  const added: Record<string, string> = {};
  // A zone without a region is not a locality.
  const places = [region, zone, subzone].map((name) => node[name] ?? "");
  for (const [index, name] of [region, zone, subzone].entries()) {
    const value = places[index] ?? "";
    if (value === "" || places.slice(0, index).includes("")) break;
    added[name] = value;
  }
  return { ...pod.labels, ...added, ...(nodeName === "" ? {} : { "kubernetes.io/hostname": nodeName }) };
}
