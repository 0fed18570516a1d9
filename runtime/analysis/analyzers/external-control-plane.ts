import { urlFault } from "../../config/go-url.ts";
import { isIpAddress } from "../../config/ip-text.ts";
import { message, type Message } from "../message.ts";
import type { AnalyzedObject } from "../object.ts";
import { has, list, text } from "../read.ts";
import type { Analyzer } from "./analyzer.ts";

/** IST0163, IST0164: webhooks that call an istiod outside of the cluster. */
export const externalControlPlane: Analyzer = {
  name: "externalcontrolplane.ExternalControlPlaneAnalyzer",
  inputs: ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"],
  analyze: (world) => [
    ...world
      .all("ValidatingWebhookConfiguration")
      .filter(({ name }) => name === "istiod-default-validator" || name.startsWith("istio-validator"))
      .flatMap(analyzeHooks),
    ...world
      .all("MutatingWebhookConfiguration")
      .filter(({ name }) => name.startsWith("istio-sidecar-injector"))
      .flatMap(analyzeHooks),
  ],
};

function analyzeHooks(object: AnalyzedObject): readonly Message[] {
  return list(object.spec, "webhooks").flatMap((hook): readonly Message[] => {
    const name = text(hook, "name");
    const url = text(hook, "clientConfig", "url");
    const invalid = (why: string): Message =>
      message(
        "IST0163",
        object,
        `The hostname (${url}) that was provided for the webhook (${name}) to reach the ingress gateway on the external control plane cluster ${why}. Traffic may not flow properly.`,
      );
    if (!has(hook, "clientConfig", "url")) return has(hook, "clientConfig", "service") ? [] : [invalid("is blank")];
    if (urlFault(url) !== undefined) return [invalid("was provided in an invalid format")];
    const host = /^[a-zA-Z][-+.a-zA-Z0-9]*:\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^:/?#]*)/.exec(url)?.[1] ?? "";
    return isIpAddress(host.replace(/^\[|\]$/g, ""))
      ? [
          message(
            "IST0164",
            object,
            `The address (${url}) that was provided for the webhook (${name}) to reach the ingress gateway on the external control plane cluster is an IP address. This is not recommended for a production environment.`,
          ),
        ]
      : [];
  });
}
