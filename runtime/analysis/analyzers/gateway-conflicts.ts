import type { gateway } from "../../config/shapes/gateway.ts";
import { message, type Message } from "../message.ts";
import { type AnalyzedObject, specOf } from "../object.ts";
import { selectorText, selects } from "../selectors.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";

interface Listener {
  readonly gateway: string;
  readonly selector: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number;
  /** Bind address by host. */
  readonly hosts: ReadonlyMap<string, string>;
}

/** IST0145. */
export const gatewayConflicts: Analyzer = {
  name: "gateway.ConflictingGatewayAnalyzer",
  inputs: ["Gateway", "Pod"],
  analyze: (world) => {
    const listeners = listenersOf(world);
    return world.all("Gateway").flatMap((object) => analyzeGateway(object, listeners, world));
  },
};

/** Of several servers of a gateway on one port the last counts, as in Istio. */
function listenersOf(world: World): readonly Listener[] {
  const found = new Map<string, Listener>();
  for (const object of world.all("Gateway")) {
    const spec = specOf<typeof gateway>(object);
    const labels = spec.selector ?? {};
    const selector = selectorText(labels);
    for (const { port, hosts = [], bind = "" } of spec.servers ?? []) {
      const number = port?.number ?? 0;
      found.set(`${selector}~${number} ${object.fullName}`, {
        gateway: object.fullName,
        selector,
        labels,
        port: number,
        hosts: new Map(hosts.map((host) => [host, bind])),
      });
    }
  }
  return [...found.values()];
}

function analyzeGateway(object: AnalyzedObject, listeners: readonly Listener[], world: World): readonly Message[] {
  const spec = specOf<typeof gateway>(object);
  const labels = spec.selector ?? {};
  const selector = selectorText(labels);
  const rivals = listeners.filter(
    (other) => other.selector === selector || (nests(selector, other.selector) && sharePod(labels, other, world)),
  );
  return (spec.servers ?? []).flatMap(({ port, hosts = [], bind = "" }) => {
    const number = port?.number ?? 0;
    const names = rivals
      .filter(
        (other) =>
          other.port === number &&
          other.gateway !== object.fullName &&
          hosts.some((host) => other.hosts.get(host) === bind),
      )
      .map((other) => other.gateway)
      .toSorted();
    return names.length === 0
      ? []
      : [
          message(
            "IST0145",
            object,
            `Conflict with gateways ${names.join(",")} (workload selector ${selector}, port ${number}, hosts ${hosts.join(",")}).`,
          ),
        ];
  });
}

/** One selector's text stands in the other's. */
function nests(one: string, other: string): boolean {
  return one.includes(other) || other.includes(one);
}

function sharePod(labels: Readonly<Record<string, string>>, other: Listener, world: World): boolean {
  return world.all("Pod").some((pod) => selects(labels, pod.labels) && selects(other.labels, pod.labels));
}
