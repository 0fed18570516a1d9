import type { DestinationRule, TrafficPolicy } from "../../config/validate/specs.ts";
import { message, type Message } from "../message.ts";
import { type AnalyzedObject, specOf } from "../object.ts";
import type { destinationRule } from "../../config/shapes/destination-rule.ts";
import type { Analyzer } from "./analyzer.ts";

/** IST0128, IST0129: TLS that believes any server. */
export const caCertificates: Analyzer = {
  name: "destinationrule.CaCertificateAnalyzer",
  inputs: ["DestinationRule"],
  analyze: (world) => world.all("DestinationRule").flatMap(analyzeRule),
};

function analyzeRule(object: AnalyzedObject): readonly Message[] {
  const spec = specOf<typeof destinationRule>(object);
  const policy = "spec.trafficPolicy";
  const start = `DestinationRule ${object.fullName} in namespace ${object.namespace} has TLS mode set to`;
  const told = (mode: string): string =>
    `${start} ${mode} but no caCertificates are set to validate server identity for host: ${spec.host ?? ""}`;
  const mode = unverified(spec.trafficPolicy?.tls, spec);
  return [
    ...(mode === undefined ? [] : [message("IST0128", object, told(mode), `${policy}.tls.caCertificates`)]),
    ...(spec.trafficPolicy?.portLevelSettings ?? []).flatMap(({ tls, port }, index) => {
      const portMode = unverified(tls, spec);
      // A port number as protobuf's text format prints the selector.
      const printed = (port?.number ?? 0) === 0 ? "" : `number:${port?.number ?? 0}`;
      return portMode === undefined
        ? []
        : [
            message(
              "IST0129",
              object,
              `${told(portMode)} at port ${printed}`,
              `${policy}.portLevelSettings[${index}].tls.caCertificates`,
            ),
          ];
    }),
  ];
}

/** The mode of settings that verify nothing. */
function unverified(tls: TrafficPolicy["tls"], spec: DestinationRule): string | undefined {
  if (tls?.mode !== "SIMPLE" && tls?.mode !== "MUTUAL") return undefined;
  const hasCredential = (tls.credentialName ?? "") !== "" && spec.workloadSelector !== undefined;
  return (tls.caCertificates ?? "") === "" && !hasCredential ? tls.mode : undefined;
}
