import { goList } from "../../config/go-text.ts";
import type { VirtualService } from "../../config/validate/specs.ts";
import { message, type Message, notFound } from "../message.ts";
import type { AnalyzedObject } from "../object.ts";
import { destinationHost, type ServiceHosts, serviceHosts } from "../service-hosts.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";
import { destinationsOf, type PlacedDestination } from "./destinations.ts";

/** IST0101 for hosts and ports, IST0112, IST0140. */
export const destinationHosts: Analyzer = {
  name: "virtualservice.DestinationHostAnalyzer",
  inputs: ["ServiceEntry", "VirtualService", "Service"],
  analyze: (world) => {
    const hosts = serviceHosts(world);
    return world
      .all("VirtualService")
      .flatMap((object) => [...unknownHosts(object, hosts), ...subsetsWithoutEffect(object, world)]);
  },
};

function unknownHosts(object: AnalyzedObject, hosts: ServiceHosts): readonly Message[] {
  const spec = object.spec as VirtualService;
  return destinationsOf(spec).flatMap((placed) => {
    const host = placed.to.host ?? "";
    const service = destinationHost(object.namespace, spec.exportTo ?? [], host, hosts);
    return service === undefined
      ? [notFound(object, placed.isMirror ? "mirror host" : "host", host, placed.field)]
      : portFaults(object, placed, service.ports);
  });
}

function portFaults(
  object: AnalyzedObject,
  { to, field }: PlacedDestination,
  ports: readonly number[],
): readonly Message[] {
  const host = to.host ?? "";
  if (to.port === undefined)
    return ports.length > 1
      ? [
          message(
            "IST0112",
            object,
            `This VirtualService routes to a service ${JSON.stringify(host)} that exposes multiple ports ${goList(ports)}. Specifying a port in the destination is required to disambiguate.`,
            field,
          ),
        ]
      : [];
  const number = to.port.number ?? 0;
  return ports.includes(number) ? [] : [notFound(object, "host:port", `${host}:${number}`, field)];
}

/** Routes of a gateway that send to a host whose subsets another VirtualService chooses for sidecars. */
function subsetsWithoutEffect(object: AnalyzedObject, world: World): readonly Message[] {
  const spec = object.spec as VirtualService;
  if ((spec.gateways ?? []).length === 0) return [];
  const chosen = world.all("VirtualService").flatMap((other) => {
    const { http = [], hosts = [] } = other.spec as VirtualService;
    return http
      .flatMap(({ route = [] }) => route.flatMap(({ destination: to }) => to ?? []))
      .filter(({ subset = "" }) => subset !== "")
      .flatMap(({ host = "" }) => hosts.filter((own) => own === host).map(() => ({ name: other.fullName, host })));
  });
  return (spec.http ?? []).flatMap((rule) =>
    (rule.route ?? [])
      .filter(({ destination: to }) => (to?.subset ?? "") === "")
      .flatMap(({ destination: to }) =>
        chosen
          .filter(({ host }) => host === (to?.host ?? ""))
          .map(({ name }) =>
            message(
              "IST0140",
              object,
              `Subset in virtual service ${name} has no effect on ingress gateway ${object.fullName} requests`,
            ),
          ),
      ),
  );
}
