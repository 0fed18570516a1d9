/** Fields that no conformance case can prove, since what they do is in no answer, with the test that does. */
interface TestProof {
  /** The end of `Kind path`. */
  readonly field: RegExp;
  readonly file: string;
  /** Words in it that are about the field. */
  readonly words: string;
}

const authorizers = "test/differential/ext-authz.test.ts";

export const testProofs: readonly TestProof[] = [
  {
    field: /^DestinationRule .*connectionPool\.http\.http2MaxRequests$/,
    file: "test/runtime/proxy/http-options.test.ts",
    words: "connectionPool: {http: {http2MaxRequests: 1}}",
  },
  {
    field: /^DestinationRule .*tls\.privateKey$/,
    file: "test/runtime/compile/client-tls.test.ts",
    words: "privateKey: /k",
  },
  { field: /^DestinationRule .*tls\.caCrl$/, file: "test/runtime/proxy/origination.test.ts", words: "crlFile" },
  {
    field: /^Sidecar spec\.ingress\[\]\.bind$/,
    file: "test/runtime/compile/inbound-ports.test.ts",
    words: "bind: 0.0.0.0",
  },
  {
    field: /^Sidecar .*http\.useClientProtocol$/,
    file: "test/runtime/compile/unseen-fields.test.ts",
    words: "useClientProtocol: true",
  },
  {
    field: /^VirtualService spec\.http\[\]\.retries\.backoff$/,
    file: "test/runtime/compile/routes.test.ts",
    words: 'backoff: "5ms"',
  },
  {
    field: /^VirtualService spec\.http\[\]\.fault\.delay\.(?:percent|fixedDelay)$/,
    file: "test/runtime/compile/routes.test.ts",
    words: 'delay: { fixedDelay: "5s", percent: 10 }',
  },
  {
    field: /^MeshConfig meshConfig\.connectTimeout$/,
    file: "test/runtime/compile/outbound.test.ts",
    words: 'connectTimeout: "3s"',
  },
  {
    field: /^MeshConfig meshConfig\.h2UpgradePolicy$/,
    file: "test/runtime/compile/http-protocol.test.ts",
    words: 'h2UpgradePolicy: "UPGRADE" } as const',
  },
  {
    field: /^MeshConfig meshConfig\.defaultHttpRetryPolicy\.(?:perTryTimeout|backoff)$/,
    file: "test/runtime/compile/unseen-fields.test.ts",
    words: 'perTryTimeout: "2s", backoff: "7ms"',
  },
  {
    field: /envoyExtAuthzHttp\.(?:timeout|pathPrefix)$/,
    file: authorizers,
    words: "ext-authz-scenarios",
  },
  {
    field: /envoyExtAuthzHttp\.includeRequestBodyInCheck\.packAsBytes$/,
    file: "test/runtime/config/extension-providers.test.ts",
    words: "packAsBytes: true",
  },
  {
    field: /envoyExtAuthzGrpc\.(?:timeout|includeRequestBodyInCheck\..*)$/,
    file: authorizers,
    words: "ext-authz-scenarios",
  },
  {
    field: /proxyHeaders\.setCurrentClientCertDetails\.(?:subject|dns|cert|chain)$/,
    file: "test/runtime/proxy/forwarded-client-cert.test.ts",
    words: "cert: true, chain: true, subject: false, dns: false",
  },
  {
    field: /proxyHeaders\.setCurrentClientCertDetails\.uri$/,
    file: "test/runtime/compile/http-options.test.ts",
    words: "setCurrentClientCertDetails: { uri: false }",
  },
];
