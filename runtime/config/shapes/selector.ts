import { mapOf, message, string, uint32 } from "../shape.ts";
import { noEmptyKey, noNamespace, noStarInKeys, noStarInValue } from "../shape-rules.ts";

export const typeWorkloadSelector = message("istio.type.v1beta1.WorkloadSelector", {
  matchLabels: mapOf(
    { ...string, maxBytes: 63, rules: [noStarInValue] },
    { max: 4096, rules: [noStarInKeys, noEmptyKey] },
  ),
});

export const policyTargetReference = message(
  "istio.type.v1beta1.PolicyTargetReference",
  {
    group: {
      ...string,
      maxBytes: 253,
      pattern: /^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    },
    kind: { ...string, minLength: 1, maxBytes: 63, pattern: /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/ },
    name: { ...string, minLength: 1, maxBytes: 253 },
    namespace: { ...string, rules: [noNamespace] },
  },
  { required: ["kind", "name"] },
);

export const typePortSelector = message(
  "istio.type.v1beta1.PortSelector",
  {
    number: { ...uint32, min: 1, max: 65535 },
  },
  { required: ["number"] },
);
