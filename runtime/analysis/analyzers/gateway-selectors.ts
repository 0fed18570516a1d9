import { message } from "../message.ts";
import { has } from "../read.ts";
import { matchLabels, selects } from "../selectors.ts";
import type { Analyzer } from "./analyzer.ts";

const kinds = ["AuthorizationPolicy", "RequestAuthentication", "Telemetry", "WasmPlugin"];
const gatewayLabel = "gateway.networking.k8s.io/gateway-name";

/** IST0166: selectors that mean pods of a Gateway API gateway. */
export const gatewaySelectors: Analyzer = {
  name: "k8sgateway.SelectorAnalyzer",
  inputs: [...kinds, "Pod"],
  analyze: (world) => {
    const pods = world.all("Pod").filter((pod) => pod.labels[gatewayLabel] !== undefined);
    return kinds
      .flatMap((kind) => world.all(kind))
      .filter(({ spec }) => !has(spec, "targetRef") && has(spec, "selector"))
      .flatMap((policy) =>
        pods
          .filter(
            (pod) =>
              pod.namespace === policy.namespace &&
              selects(matchLabels(policy.spec, "selector", "matchLabels"), pod.labels),
          )
          .map((pod) =>
            message(
              "IST0166",
              policy,
              `Ineffective selector on Kubernetes Gateway ${pod.labels[gatewayLabel] ?? ""}. Use the TargetRef field instead.`,
            ),
          ),
      );
  },
};
