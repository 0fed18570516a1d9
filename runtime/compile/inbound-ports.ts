import type { ConnectionPoolSettings, Sidecar } from "../model/istio-networking.ts";
import type { Mesh, PortProtocol, Workload } from "../model/mesh.ts";
import { bindDestinationRules } from "./destination-rule.ts";
import { policyBlock } from "./policy-block.ts";
import { bindServicesOf } from "./service-index.ts";
import { bindSidecars, ingressAppPort, ingressProtocol } from "./sidecar.ts";

/** A port at which a workload's sidecar expects connections for the program. */
export interface InboundPort {
  readonly listen: number;
  /** Address in the name of its chains. */
  readonly bind: string;
  readonly protocol: PortProtocol;
  /** Who has it: a service, or the Sidecar resource that declares it. */
  readonly host: string;
  readonly servicePort: number;
  readonly appPort: number | undefined;
  readonly pool: ConnectionPoolSettings | undefined;
}

/** The ports of the services that select a workload, or those of its Sidecar's ingress, which replace them (spec traffic 1.7.7). */
export function bindInboundPorts(mesh: Mesh): (workload: Workload) => readonly InboundPort[] {
  const servicesOf = bindServicesOf(mesh);
  const ruleFor = bindDestinationRules(mesh);
  const sidecarOf = bindSidecars(mesh);
  return (workload) => {
    const sidecar = sidecarOf(workload);
    if ((sidecar?.spec.ingress ?? []).length > 0 && sidecar !== undefined) return ingressPorts(sidecar, workload);
    return servicesOf(workload).flatMap((service) =>
      service.ports.map((port): InboundPort => {
        // The server obeys the service's DestinationRule as its own client would, never a subset (spec traffic 3.3.12).
        const rule = ruleFor(workload, service.hostname, service.namespace);
        return {
          listen: port.target,
          bind: "0.0.0.0",
          protocol: port.protocol,
          host: service.hostname,
          servicePort: port.port,
          appPort: undefined,
          pool: sidecar?.spec.inboundConnectionPool ?? policyBlock(rule, port.port, "", "connectionPool")?.value,
        };
      }),
    );
  };
}

function ingressPorts(sidecar: Sidecar, workload: Workload): readonly InboundPort[] {
  return (sidecar.spec.ingress ?? []).map((ingress) => {
    const port = ingress.port?.number ?? 0;
    return {
      listen: port,
      bind: ingress.bind || workload.address,
      protocol: ingressProtocol(ingress),
      host: `${sidecar.name}.${sidecar.namespace}`,
      servicePort: port,
      appPort: ingressAppPort(ingress),
      pool: ingress.connectionPool ?? sidecar.spec.inboundConnectionPool,
    };
  });
}
