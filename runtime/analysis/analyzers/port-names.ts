import { isKnownProtocol } from "../../config/port-protocol.ts";
import { isControlPlane } from "../in-mesh.ts";
import { message } from "../message.ts";
import { list, number, text } from "../read.ts";
import type { Analyzer } from "./analyzer.ts";

const managers = ["istio.io-gateway-controller", "istio.io-mesh-controller", "istio.io-eastwest-controller"];

/** IST0118, IST0150. */
export const portNames: Analyzer = {
  name: "service.PortNameAnalyzer",
  inputs: ["Service"],
  analyze: (world) =>
    world
      .all("Service")
      .filter(
        (service) => !isControlPlane(service) && !managers.includes(service.labels["gateway.istio.io/managed"] ?? ""),
      )
      .flatMap((service) => {
        const isExternal = text(service.spec, "type") === "ExternalName";
        return list(service.spec, "ports").flatMap((port, index) => {
          const name = text(port, "name");
          const known = isKnownProtocol({
            name,
            port: number(port, "port"),
            appProtocol: text(port, "appProtocol") === "" ? undefined : text(port, "appProtocol"),
            transport: text(port, "protocol"),
          });
          if (known && !(isExternal && name === "tcp")) return [];
          const field = `spec.ports[${index}].port`;
          const target = text(port, "targetPort");
          return isExternal
            ? [
                message(
                  "IST0150",
                  service,
                  "Port name for ExternalName service is invalid. Proxy may prevent tcp named ports and unmatched traffic for ports serving TCP protocol from being forwarded correctly",
                  field,
                ),
              ]
            : [
                message(
                  "IST0118",
                  service,
                  `Port name ${name} (port: ${number(port, "port")}, targetPort: ${target === "" ? number(port, "targetPort") : target}) doesn't follow the naming convention of Istio port.`,
                  field,
                ),
              ];
        });
      }),
};
