import type { gateway } from "../../config/shapes/gateway.ts";
import { message, notFound } from "../message.ts";
import { specOf } from "../object.ts";
import { list, number, text } from "../read.ts";
import { matchLabels, selectorField, selectorText, selects } from "../selectors.ts";
import type { AnalyzedObject } from "../object.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";

/** IST0162, and IST0101 for a gateway without pods. */
export const gatewayPorts: Analyzer = {
  name: "gateway.IngressGatewayPortAnalyzer",
  inputs: ["Gateway", "Pod", "Service"],
  analyze: (world) =>
    world.all("Gateway").flatMap((object) => {
      const spec = specOf<typeof gateway>(object);
      const selector = selectorText(spec.selector ?? {});
      const field = selectorField("spec.selector", selector);
      const pods = world.all("Pod").filter((pod) => selects(spec.selector ?? {}, pod.labels));
      if (pods.length === 0) return [notFound(object, "selector", selector, field)];
      const offered = new Set(pods.flatMap((pod) => offeredPorts(pod, world)));
      return (spec.servers ?? []).flatMap(({ port }) =>
        port === undefined || offered.has(port.number ?? 0)
          ? []
          : [
              message(
                "IST0162",
                object,
                `The gateway is listening on a target port (port ${port.number ?? 0}) that is not defined in the Service associated with its workload instances (Pod selector ${selector}). If you need to access the gateway port through the gateway Service, it will not be available.`,
                field,
              ),
            ],
      );
    }),
};

/** Target ports of the services that select a pod, and the service ports that lead to one. */
function offeredPorts(pod: AnalyzedObject, world: World): readonly number[] {
  return world
    .all("Service")
    .filter(
      (service) => service.namespace === pod.namespace && selects(matchLabels(service.spec, "selector"), pod.labels),
    )
    .flatMap((service) =>
      list(service.spec, "ports")
        .filter((port) => text(port, "protocol") === "TCP")
        .flatMap((port) => {
          const target = targetNumber(port);
          return target === 0 ? [number(port, "port")] : [target, number(port, "port")];
        }),
    );
}

/** A named target port counts as none. */
function targetNumber(port: unknown): number {
  const written = text(port, "targetPort");
  return /^\d+$/.test(written) ? Number(written) : number(port, "targetPort");
}
