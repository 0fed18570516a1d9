import { enumOf, listOf, message, string, strings, uint32 } from "../shape.ts";
import {
  cidrNeedsStatic,
  noneWithoutEndpoints,
  notWildcard,
  portNumbersOnce,
  portRange,
  roundRobinOneEndpoint,
  selectorOrEndpoints,
} from "../shape-rules.ts";
import { networkingWorkloadSelector } from "./sidecar.ts";
import { workloadEntry } from "./workload-entry.ts";

const servicePort = message(
  "istio.networking.v1alpha3.ServicePort",
  {
    number: { ...uint32, rules: [portRange] },
    protocol: { ...string, maxBytes: 256 },
    name: { ...string, maxBytes: 256 },
    targetPort: { ...uint32, rules: [portRange] },
  },
  { required: ["number", "name"] },
);

export const serviceEntry = message(
  "istio.networking.v1alpha3.ServiceEntry",
  {
    hosts: listOf({ ...string, rules: [notWildcard] }, { min: 1, max: 256 }),
    addresses: listOf({ ...string, maxBytes: 64 }, { max: 256 }),
    ports: listOf(servicePort, { max: 256, key: "name", rules: [portNumbersOnce] }),
    location: enumOf("istio.networking.v1alpha3.ServiceEntry.Location", ["MESH_EXTERNAL", "MESH_INTERNAL"]),
    resolution: enumOf("istio.networking.v1alpha3.ServiceEntry.Resolution", [
      "NONE",
      "STATIC",
      "DNS",
      "DNS_ROUND_ROBIN",
      "DYNAMIC_DNS",
    ]),
    endpoints: listOf(workloadEntry, { max: 4096 }),
    workloadSelector: networkingWorkloadSelector,
    exportTo: strings,
    subjectAltNames: strings,
  },
  { required: ["hosts"], rules: [selectorOrEndpoints, cidrNeedsStatic, noneWithoutEndpoints, roundRobinOneEndpoint] },
);
