import { goList } from "../../config/go-text.ts";
import { deploymentInMesh } from "../in-mesh.ts";
import { message, type Message } from "../message.ts";
import type { AnalyzedObject } from "../object.ts";
import { labels, list, number, text } from "../read.ts";
import { matchLabels, selects } from "../selectors.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";

/** IST0116, IST0137: services that select the same Deployment and disagree about a port. */
export const serviceAssociation: Analyzer = {
  name: "deployment.MultiServiceAnalyzer",
  inputs: ["Service", "Deployment", "Namespace"],
  analyze: (world) =>
    world
      .all("Deployment")
      .filter(
        (deployment) =>
          deployment.labels["gateway.istio.io/managed"] !== "istio.io-mesh-controller" &&
          deploymentInMesh(deployment, world),
      )
      .flatMap((deployment) => {
        const ports = servicePorts(deployment, world);
        return [...protocolConflicts(deployment, ports), ...targetConflicts(deployment, ports)];
      }),
};

interface ServicePort {
  readonly service: string;
  readonly port: number;
  readonly protocol: string;
  readonly target: string;
}

function servicePorts(deployment: AnalyzedObject, world: World): readonly ServicePort[] {
  const pod = labels(deployment.spec, "template", "metadata", "labels");
  return world.all("Service").flatMap((service) => {
    const selector = matchLabels(service.spec, "selector");
    if (service.namespace !== deployment.namespace || Object.keys(selector).length === 0 || !selects(selector, pod))
      return [];
    return list(service.spec, "ports").map((port) => ({
      service: service.fullName,
      port: number(port, "port"),
      protocol: text(port, "protocol") === "" ? "TCP" : text(port, "protocol"),
      target: targetText(port),
    }));
  });
}

function targetText(port: unknown): string {
  const name = text(port, "targetPort");
  const target = name === "" ? String(number(port, "targetPort")) : name;
  return target === "0" ? String(number(port, "port")) : target;
}

function protocolConflicts(deployment: AnalyzedObject, ports: readonly ServicePort[]): readonly Message[] {
  return [...Map.groupBy(ports, ({ port }) => port)]
    .filter(([, same]) => new Set(same.map(({ protocol }) => protocol)).size > 1)
    .map(([port, same]) =>
      message(
        "IST0116",
        deployment,
        `This deployment ${deployment.name} is associated with multiple services using port ${port} but different protocols: ${goList(same.map(({ service }) => service).toSorted())}`,
        "metadata.name",
      ),
    );
}

function targetConflicts(deployment: AnalyzedObject, ports: readonly ServicePort[]): readonly Message[] {
  return [...Map.groupBy(ports, ({ target }) => target)].flatMap(([target, same]) => {
    const services = new Map(same.map(({ port, service }) => [port, service]));
    if (services.size < 2) return [];
    const names = goList([...services.values()].toSorted());
    const numbers = goList([...services.keys()].toSorted((a, b) => a - b));
    return [
      message(
        "IST0137",
        deployment,
        `This deployment ${deployment.name} is associated with multiple services ${names} using targetPort ${JSON.stringify(target)} but different ports: ${numbers}.`,
        "metadata.name",
      ),
    ];
  });
}
