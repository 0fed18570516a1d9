import { hostsMatch } from "../../config/validate/host-match.ts";
import type { VirtualService } from "../../config/validate/specs.ts";
import { message, type Message } from "../message.ts";
import type { AnalyzedObject } from "../object.ts";
import { scopedHost } from "../service-hosts.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";

/** IST0109; each VirtualService is told of once. */
export const virtualServiceHosts: Analyzer = {
  name: "virtualservice.ConflictingMeshGatewayHostsAnalyzer",
  inputs: ["VirtualService"],
  analyze: (world) => {
    const byHost = meshHosts(world);
    const told = new Set<AnalyzedObject>();
    return [...byHost].flatMap(([scoped, own]): readonly Message[] => {
      const [scope, host] = halves(scoped);
      const open = scope === "*" ? [] : openTo(host, byHost);
      const objects = [...own, ...open];
      if (objects.length < 2) return [];
      const names = objects
        .map((object) => object.fullName)
        .toSorted()
        .join(",");
      const fresh = new Set(objects.filter((object) => !told.has(object)));
      for (const object of fresh) told.add(object);
      return [...fresh].map((object) =>
        message(
          "IST0109",
          object,
          `The VirtualServices ${names} associated with mesh gateway define the same host ${scoped} which can lead to undefined behavior. This can be fixed by merging the conflicting VirtualServices into a single resource.`,
          "metadata.name",
        ),
      );
    });
  },
};

function halves(scoped: string): readonly [string, string] {
  const slash = scoped.indexOf("/");
  return [scoped.slice(0, slash), scoped.slice(slash + 1)];
}

/** VirtualServices for sidecars by `scope/host`. */
function meshHosts(world: World): ReadonlyMap<string, readonly AnalyzedObject[]> {
  const byHost = new Map<string, AnalyzedObject[]>();
  for (const object of world.all("VirtualService")) {
    const { gateways = [], exportTo = [], hosts = [] } = object.spec as VirtualService;
    if (gateways.length > 0 && !gateways.includes("mesh")) continue;
    const scopes =
      exportTo.length === 0 || exportTo.includes("*")
        ? ["*"]
        : new Set(exportTo.map((name) => (name === "." ? object.namespace : name)));
    for (const scope of scopes) {
      for (const host of hosts) {
        const key = scopedHost(scope, object.namespace, host);
        byHost.set(key, [...(byHost.get(key) ?? []), object]);
      }
    }
  }
  return byHost;
}

function openTo(host: string, byHost: ReadonlyMap<string, readonly AnalyzedObject[]>): readonly AnalyzedObject[] {
  return [...byHost].flatMap(([scoped, objects]) => {
    const [scope, other] = halves(scoped);
    return scope === "*" && hostsMatch(host, other) ? objects : [];
  });
}
