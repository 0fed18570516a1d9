import type { AnalyzedObject } from "../object.ts";
import { message } from "../message.ts";
import { list, record, text } from "../read.ts";
import type { Analyzer } from "./analyzer.ts";

const builtIn = ["Mock", "Kubernetes", "External"];

/** MeshNetworks is no document: messages name it as Istio does. */
const meshNetworksObject: AnalyzedObject = {
  type: "MeshNetworks",
  kind: "MeshNetworks",
  namespace: "istio-system",
  name: "meshnetworks",
  fullName: "istio-system/meshnetworks",
  labels: {},
  annotations: {},
  spec: {},
  status: undefined,
  source: undefined,
};

/** IST0126. */
export const meshNetworks: Analyzer = {
  name: "meshnetworks.MeshNetworksAnalyzer",
  inputs: ["Secret"],
  analyze: (world) => {
    const clusters = world
      .all("Secret")
      .filter((secret) => secret.labels["istio/multiCluster"] === "true")
      .flatMap((secret) => Object.keys(record(secret.spec, "data")));
    return Object.entries(record(world.meshNetworks, "networks")).flatMap(([network, value]) =>
      list(value, "endpoints")
        .map((endpoint) => text(endpoint, "fromRegistry"))
        .filter((registry) => registry !== "" && ![...builtIn, ...clusters].includes(registry))
        .map((registry) =>
          message("IST0126", meshNetworksObject, `Unknown service registry ${registry} in network ${network}`),
        ),
    );
  },
};
