import { boolean, enumOf, listOf, message, string, stringMap, strings, uint32 } from "../shape.ts";
import {
  credentialNameOrNames,
  credentialNameOrTlsCertificates,
  credentialNamesOrTlsCertificates,
} from "../shape-rules.ts";

const port = message(
  "istio.networking.v1alpha3.Port",
  {
    number: uint32,
    protocol: string,
    name: string,
    targetPort: uint32,
  },
  { required: ["number", "protocol", "name"] },
);

const tlsCertificate = message("istio.networking.v1alpha3.ServerTLSSettings.TLSCertificate", {
  serverCertificate: string,
  privateKey: string,
  caCertificates: string,
});

export const serverTLSSettings = message(
  "istio.networking.v1alpha3.ServerTLSSettings",
  {
    httpsRedirect: boolean,
    mode: enumOf("istio.networking.v1alpha3.ServerTLSSettings.TLSmode", [
      "PASSTHROUGH",
      "SIMPLE",
      "MUTUAL",
      "AUTO_PASSTHROUGH",
      "ISTIO_MUTUAL",
      "OPTIONAL_MUTUAL",
    ]),
    serverCertificate: string,
    privateKey: string,
    caCertificates: string,
    caCrl: string,
    credentialName: string,
    credentialNames: listOf(string, { min: 1, max: 2 }),
    caCertCredentialName: string,
    tlsCertificates: listOf(tlsCertificate, { min: 1, max: 2 }),
    subjectAltNames: strings,
    verifyCertificateSpki: strings,
    verifyCertificateHash: strings,
    minProtocolVersion: enumOf("istio.networking.v1alpha3.ServerTLSSettings.TLSProtocol", [
      "TLS_AUTO",
      "TLSV1_0",
      "TLSV1_1",
      "TLSV1_2",
      "TLSV1_3",
    ]),
    maxProtocolVersion: enumOf("istio.networking.v1alpha3.ServerTLSSettings.TLSProtocol", [
      "TLS_AUTO",
      "TLSV1_0",
      "TLSV1_1",
      "TLSV1_2",
      "TLSV1_3",
    ]),
    cipherSuites: strings,
    insecureSkipVerify: { ...boolean, nullable: true },
  },
  { rules: [credentialNamesOrTlsCertificates, credentialNameOrNames, credentialNameOrTlsCertificates] },
);

const server = message(
  "istio.networking.v1alpha3.Server",
  {
    port: port,
    bind: string,
    hosts: strings,
    tls: serverTLSSettings,
    defaultEndpoint: string,
    name: string,
  },
  { required: ["port", "hosts"] },
);

export const gateway = message("istio.networking.v1alpha3.Gateway", {
  servers: listOf(server),
  selector: stringMap,
});
