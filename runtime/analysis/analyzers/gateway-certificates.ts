import { goList } from "../../config/go-text.ts";
import type { Decoded } from "../../config/shape.ts";
import type { gateway, serverTLSSettings } from "../../config/shapes/gateway.ts";
import { message } from "../message.ts";
import { specOf } from "../object.ts";
import { selects } from "../selectors.ts";
import type { Analyzer } from "./analyzer.ts";

type ServerTls = Decoded<typeof serverTLSSettings>;

/** IST0138. */
export const gatewayCertificates: Analyzer = {
  name: "gateway.CertificateAnalyzer",
  inputs: ["Gateway"],
  analyze: (world) => {
    const gateways = world.all("Gateway");
    return gateways.flatMap((object) => {
      const spec = specOf<typeof gateway>(object);
      return gateways
        .filter(
          (other) => other !== object && selects(spec.selector ?? {}, specOf<typeof gateway>(other).selector ?? {}),
        )
        .flatMap((other) =>
          (spec.servers ?? []).flatMap((server) =>
            (specOf<typeof gateway>(other).servers ?? [])
              .filter((theirs) => sameCertificate(server.tls, theirs.tls))
              .map(() =>
                message(
                  "IST0138",
                  object,
                  `Duplicate certificate in multiple gateways ${goList([object.fullName, other.fullName])} may cause 404s if clients re-use HTTP2 connections.`,
                  "metadata.name",
                ),
              ),
          ),
        );
    });
  },
};

function sameCertificate(one: ServerTls | undefined, other: ServerTls | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  const credentials = [one.credentialName ?? "", other.credentialName ?? ""];
  if (credentials.some((name) => name !== "")) return credentials[0] === credentials[1];
  return (["serverCertificate", "privateKey"] as const).every(
    (key) => (one[key] ?? "") !== "" && one[key] === other[key],
  );
}
