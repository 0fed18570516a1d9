import type { gateway } from "../../config/shapes/gateway.ts";
import { isClaimRoute } from "../../config/validate/header-names.ts";
import type { VirtualService } from "../../config/validate/specs.ts";
import { message, type Message } from "../message.ts";
import { type AnalyzedObject, shortOrFullName, specOf } from "../object.ts";
import { matchLabels, selects } from "../selectors.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";

/** IST0149. */
export const claimRoutes: Analyzer = {
  name: "virtualservice.JWTClaimRouteAnalyzer",
  inputs: ["VirtualService", "RequestAuthentication", "Gateway", "Pod"],
  analyze: (world) => world.all("VirtualService").flatMap((object) => analyzeRoutes(object, world)),
};

function analyzeRoutes(object: AnalyzedObject, world: World): readonly Message[] {
  const spec = object.spec as VirtualService;
  const key = (spec.http ?? [])
    .flatMap(({ match = [] }) => match)
    .flatMap(({ headers = {}, withoutHeaders = {} }) => [...Object.keys(headers), ...Object.keys(withoutHeaders)])
    .find(isClaimRoute);
  if (key === undefined) return [];
  return (spec.gateways ?? [])
    .filter((name) => name !== "mesh")
    .flatMap((name) => {
      const full = shortOrFullName(object.namespace, name);
      const found = world.find("Gateway", full);
      if (found === undefined) return [];
      const selector = specOf<typeof gateway>(found).selector ?? {};
      return world
        .all("Pod")
        .filter((pod) => selects(selector, pod.labels) && !isAuthenticated(pod, world))
        .map((pod) =>
          message(
            "IST0149",
            object,
            `The virtual service uses the JWT claim based routing (key: ${key}) but found no request authentication for the gateway (${full}) pod (${pod.name}). The request authentication must first be applied for the gateway pods to validate the JWT token and make the claims available for routing.`,
          ),
        );
    });
}

function isAuthenticated(pod: AnalyzedObject, world: World): boolean {
  return world
    .all("RequestAuthentication")
    .some(
      (policy) =>
        ["istio-system", pod.namespace].includes(policy.namespace) &&
        selects(matchLabels(policy.spec, "selector", "matchLabels"), pod.labels),
    );
}
