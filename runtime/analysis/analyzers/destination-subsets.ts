import type { DestinationRule, VirtualService } from "../../config/validate/specs.ts";
import { notFound } from "../message.ts";
import { fullName } from "../object.ts";
import type { Analyzer } from "./analyzer.ts";
import { destinationsOf } from "./destinations.ts";

/** IST0101 for subsets that no DestinationRule defines. */
export const destinationSubsets: Analyzer = {
  name: "virtualservice.DestinationRuleAnalyzer",
  inputs: ["VirtualService", "DestinationRule"],
  analyze: (world) => {
    const known = new Set(
      world.all("DestinationRule").flatMap((object) => {
        const { host = "", subsets = [] } = object.spec as DestinationRule;
        return subsets.map(({ name = "" }) => `${serviceName(object.namespace, host)}+${name}`);
      }),
    );
    return world.all("VirtualService").flatMap((object) =>
      destinationsOf(object.spec as VirtualService).flatMap(({ to, field, isMirror }) => {
        const { host = "", subset = "" } = to;
        if (subset === "" || known.has(`${serviceName(object.namespace, host)}+${subset}`)) return [];
        const what = `${isMirror ? "mirror" : "host"}+subset in destinationrule`;
        return [notFound(object, what, `${host}+${subset}`, field)];
      }),
    );
  },
};

/** `namespace/name` of a host in full or short form; a name in between counts as short. */
function serviceName(namespace: string, host: string): string {
  const full = /^(.+)\.(.+)\.svc\.cluster\.local$/.exec(host);
  return full === null ? fullName(namespace, host) : fullName(full[2] ?? "", full[1] ?? "");
}
