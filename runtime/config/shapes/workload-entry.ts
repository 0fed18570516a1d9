import { mapOf, message, string, uint32 } from "../shape.ts";
import {
  addressRequired,
  portNames,
  portRange,
  socketAbsolute,
  socketNotFolder,
  socketWithoutPorts,
} from "../shape-rules.ts";

export const workloadEntry = message(
  "istio.networking.v1alpha3.WorkloadEntry",
  {
    address: { ...string, maxBytes: 256, rules: [socketAbsolute, socketNotFolder] },
    ports: mapOf({ ...uint32, rules: [portRange] }, { max: 128, rules: [portNames] }),
    labels: mapOf(string, { max: 256 }),
    network: { ...string, maxBytes: 2048 },
    locality: { ...string, maxBytes: 2048 },
    weight: uint32,
    serviceAccount: { ...string, maxBytes: 253 },
  },
  { rules: [addressRequired, socketWithoutPorts] },
);
