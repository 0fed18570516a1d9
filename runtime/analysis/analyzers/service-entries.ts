import { quote } from "../../config/go-text.ts";
import type { Decoded } from "../../config/shape.ts";
import type { serviceEntry } from "../../config/shapes/service-entry.ts";
import { message, type Message } from "../message.ts";
import { type AnalyzedObject, specOf } from "../object.ts";
import { labels, list } from "../read.ts";
import type { Analyzer } from "./analyzer.ts";

function spec(object: AnalyzedObject): Decoded<typeof serviceEntry> {
  return specOf<typeof serviceEntry>(object);
}

/** IST0134. */
export const serviceEntryAddresses: Analyzer = {
  name: "serviceentry.Analyzer",
  inputs: ["ServiceEntry"],
  analyze: (world) => {
    const metadata = labels(world.meshConfig, "defaultConfig", "proxyMetadata");
    const allocates =
      metadata["ISTIO_META_DNS_CAPTURE"] === "true" &&
      ["ISTIO_META_DNS_AUTO_ALLOCATE", "PILOT_ENABLE_IP_AUTOALLOCATE"].some((name) => metadata[name] === "true");
    if (allocates) return [];
    return world
      .all("ServiceEntry")
      .filter((object) => (spec(object).addresses ?? []).length === 0 && list(object.status, "addresses").length === 0)
      .flatMap((object) =>
        (spec(object).ports ?? []).flatMap(({ protocol = "" }, index) =>
          protocol === "" || protocol.toUpperCase() === "TCP"
            ? [
                message(
                  "IST0134",
                  object,
                  "ServiceEntry addresses are required for this protocol.",
                  `spec.ports[${index}].name`,
                ),
              ]
            : [],
        ),
      );
  },
};

interface Entry {
  readonly object: AnalyzedObject;
  readonly host: string;
  readonly port: number;
  readonly protocol: string;
}

/** IST0177; each ServiceEntry is told of once. */
export const serviceEntryProtocols: Analyzer = {
  name: "serviceentry.ConflictingServiceEntryProtocolAnalyzer",
  inputs: ["ServiceEntry"],
  analyze: (world) => {
    const byPlace = Map.groupBy(
      world.all("ServiceEntry").flatMap((object) => scoped(object)),
      ({ scope, entry }) => `${scope} ${entry.host} ${entry.port}`,
    );
    const told = new Set<AnalyzedObject>();
    return [...byPlace.values()].flatMap((same): readonly Message[] => {
      const [first] = same;
      if (first === undefined) return [];
      const { host, port } = first.entry;
      const open = first.scope === "*" ? [] : (byPlace.get(`* ${host} ${port}`) ?? []);
      const entries = [...same, ...open].map(({ entry }) => entry);
      const protocols = [...new Set(entries.map(({ protocol }) => protocol.toUpperCase()))].toSorted();
      if (protocols.length < 2) return [];
      const names = [...new Set(entries.map(({ object }) => object.fullName))].toSorted();
      const fresh = new Set(entries.map(({ object }) => object).filter((object) => !told.has(object)));
      for (const object of fresh) told.add(object);
      return [...fresh].map((object) =>
        message(
          "IST0177",
          object,
          `Multiple ServiceEntries (${names.join(", ")}) define the same host ${quote(host)} and port ${port} with conflicting protocols (${protocols.join(", ")}).`,
          "metadata.name",
        ),
      );
    });
  },
};

function scoped(object: AnalyzedObject): readonly { readonly scope: string; readonly entry: Entry }[] {
  const { exportTo = [], hosts = [], ports = [] } = spec(object);
  const scopes =
    exportTo.length === 0 || exportTo.includes("*")
      ? ["*"]
      : new Set(exportTo.map((name) => (name === "." ? object.namespace : name)));
  return [...scopes].flatMap((scope) =>
    hosts.flatMap((host) =>
      ports.map(({ number: port = 0, protocol = "" }) => ({ scope, entry: { object, host, port, protocol } })),
    ),
  );
}
