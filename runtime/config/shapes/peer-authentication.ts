import { enumOf, mapOf, message } from "../shape.ts";
import { portLevelNeedsSelector, portsAsKeys } from "../shape-rules.ts";
import { typeWorkloadSelector } from "./selector.ts";

const mutualTLS = message("istio.security.v1beta1.PeerAuthentication.MutualTLS", {
  mode: enumOf("istio.security.v1beta1.PeerAuthentication.MutualTLS.Mode", [
    "UNSET",
    "DISABLE",
    "PERMISSIVE",
    "STRICT",
  ]),
});

export const peerAuthentication = message(
  "istio.security.v1beta1.PeerAuthentication",
  {
    selector: typeWorkloadSelector,
    mtls: mutualTLS,
    portLevelMtls: mapOf(mutualTLS, { keys: "uint32", min: 1, rules: [portsAsKeys] }),
  },
  { rules: [portLevelNeedsSelector] },
);
