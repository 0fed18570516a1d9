import type { gateway } from "../../config/shapes/gateway.ts";
import { message, type Message, notFound } from "../message.ts";
import { type AnalyzedObject, shortOrFullName, specOf } from "../object.ts";
import { record, text } from "../read.ts";
import { selectorField, selectorText, selects } from "../selectors.ts";
import type { World } from "../world.ts";
import type { Analyzer } from "./analyzer.ts";

/** IST0161, and IST0101 for credentials and gateways without pods. */
export const gatewaySecrets: Analyzer = {
  name: "gateway.SecretAnalyzer",
  inputs: ["Gateway", "Pod", "Secret"],
  analyze: (world) => world.all("Gateway").flatMap((object) => analyzeGateway(object, world)),
};

function analyzeGateway(object: AnalyzedObject, world: World): readonly Message[] {
  const spec = specOf<typeof gateway>(object);
  const namespace = world.all("Pod").find((pod) => selects(spec.selector ?? {}, pod.labels))?.namespace ?? "";
  if (namespace === "") {
    const selector = selectorText(spec.selector ?? {});
    return [notFound(object, "selector", selector, selectorField("spec.selector", selector))];
  }
  return (spec.servers ?? []).flatMap(({ tls }, index) => {
    const name = tls?.credentialName ?? "";
    if (name === "") return [];
    const field = `spec.servers[${index}].tls.credentialName`;
    const secret = world.find("Secret", shortOrFullName(namespace, name));
    if (secret === undefined) return [notFound(object, "credentialName", name, field)];
    const certificate = certificateOf(secret);
    return certificate === undefined || world.certificateFault(certificate) !== undefined
      ? [
          message(
            "IST0161",
            object,
            `The credential referenced by the Gateway ${object.name} in namespace ${namespace} is invalid, which can cause the traffic not to work as expected.`,
            field,
          ),
        ]
      : [];
  });
}

/** PEM of a secret that has a certificate and a key, under either pair of names. */
function certificateOf(secret: AnalyzedObject): string | undefined {
  const data = record(secret.spec, "data");
  for (const [certificate, key] of [
    ["cert", "key"],
    ["tls.crt", "tls.key"],
  ] as const) {
    if (text(data, certificate) !== "" && text(data, key) !== "")
      return new TextDecoder().decode(
        Uint8Array.from(atob(text(data, certificate)), (character) => character.charCodeAt(0)),
      );
  }
  return undefined;
}
