// oxlint-disable max-lines -- generated
import type { FieldProof } from "./rows.ts";

/** Written by `npm run docs:fidelity`; test/fidelity holds it against the cases. */
export const proofs: Readonly<Record<string, FieldProof>> = {
  "PeerAuthentication spec.selector.matchLabels": { by: "security/hand/two-versions", how: "removed" },
  "PeerAuthentication spec.mtls.mode": { by: "security/mtls-matrix/enable-auto-mtls-false-strict", how: "removed" },
  "PeerAuthentication spec.portLevelMtls.*.mode": { by: "security/hand/sidecar-ingress-disable", how: "removed" },
  "AuthorizationPolicy spec.selector.matchLabels": { by: "security/ext-authz/http-headers-down-deny", how: "changed" },
  "AuthorizationPolicy spec.rules[].from[].source.principals": {
    by: "security/authz-tcp/strict-principals",
    how: "changed",
  },
  "AuthorizationPolicy spec.rules[].from[].source.notPrincipals": {
    by: "security/authz-tcp/not-principals-allow",
    how: "changed",
  },
  "AuthorizationPolicy spec.rules[].from[].source.requestPrincipals": {
    by: "security/jwt/preflight-authz",
    how: "changed",
  },
  "AuthorizationPolicy spec.rules[].from[].source.notRequestPrincipals": {
    by: "security/jwt/deny-without-token",
    how: "changed",
  },
  "AuthorizationPolicy spec.rules[].from[].source.namespaces": {
    by: "security/dry-run-audit/dry-deny-real-deny",
    how: "changed",
  },
  "AuthorizationPolicy spec.rules[].from[].source.notNamespaces": {
    by: "security/authz-tcp/not-namespaces-allow",
    how: "changed",
  },
  "AuthorizationPolicy spec.rules[].from[].source.serviceAccounts": { by: "security/random/r094", how: "removed" },
  "AuthorizationPolicy spec.rules[].from[].source.notServiceAccounts": { by: "security/random/r094", how: "removed" },
  "AuthorizationPolicy spec.rules[].from[].source.ipBlocks": { by: "security/random/r014", how: "removed" },
  "AuthorizationPolicy spec.rules[].from[].source.notIpBlocks": { by: "security/random/r031", how: "removed" },
  "AuthorizationPolicy spec.rules[].from[].source.remoteIpBlocks": { by: "security/random/r094", how: "removed" },
  "AuthorizationPolicy spec.rules[].from[].source.notRemoteIpBlocks": { by: "security/random/r020", how: "removed" },
  "AuthorizationPolicy spec.rules[].from[].source.trustDomains": { by: "security/random/r094", how: "changed" },
  "AuthorizationPolicy spec.rules[].from[].source.notTrustDomains": {
    by: "security/authz-tcp/not-trust-domains-allow",
    how: "changed",
  },
  "AuthorizationPolicy spec.rules[].to[].operation.hosts": { by: "security/random/r094", how: "changed" },
  "AuthorizationPolicy spec.rules[].to[].operation.notHosts": { by: "security/random/r008", how: "removed" },
  "AuthorizationPolicy spec.rules[].to[].operation.ports": {
    by: "security/ext-authz/grpc-tcp-otherport",
    how: "removed",
  },
  "AuthorizationPolicy spec.rules[].to[].operation.notPorts": { by: "security/random/r007", how: "removed" },
  "AuthorizationPolicy spec.rules[].to[].operation.methods": {
    by: "security/ext-authz/grpc-not-rules",
    how: "removed",
  },
  "AuthorizationPolicy spec.rules[].to[].operation.notMethods": { by: "security/random/r007", how: "removed" },
  "AuthorizationPolicy spec.rules[].to[].operation.paths": {
    by: "security/ext-authz/http-headers-down-deny",
    how: "changed",
  },
  "AuthorizationPolicy spec.rules[].to[].operation.notPaths": {
    by: "security/ext-authz/grpc-not-rules",
    how: "removed",
  },
  "AuthorizationPolicy spec.rules[].when[].key": { by: "security/mtls-extra/sni-subset", how: "changed" },
  "AuthorizationPolicy spec.rules[].when[].values": { by: "security/mtls-extra/sni-subset", how: "changed" },
  "AuthorizationPolicy spec.rules[].when[].notValues": { by: "security/authz-tcp/sni-not-allow", how: "changed" },
  "AuthorizationPolicy spec.action": { by: "security/authz-http/xff-spoof", how: "removed" },
  "AuthorizationPolicy spec.provider.name": { by: "security/ext-authz/http-headers-down-deny", how: "changed" },
  "RequestAuthentication spec.selector.matchLabels": { by: "security/jwt/outputs-in-authz", how: "changed" },
  "RequestAuthentication spec.jwtRules[].issuer": { by: "security/jwt/outputs-in-authz", how: "changed" },
  "RequestAuthentication spec.jwtRules[].audiences": { by: "security/jwt/same-issuer-two-aud", how: "removed" },
  "RequestAuthentication spec.jwtRules[].jwksUri": { by: "security/jwt/jwks-uri", how: "changed" },
  "RequestAuthentication spec.jwtRules[].jwks": { by: "security/jwt/outputs-in-authz", how: "removed" },
  "RequestAuthentication spec.jwtRules[].fromHeaders[].name": { by: "security/jwt/forward-false", how: "changed" },
  "RequestAuthentication spec.jwtRules[].fromHeaders[].prefix": { by: "security/jwt/forward-false", how: "removed" },
  "RequestAuthentication spec.jwtRules[].fromParams": { by: "security/jwt/forward-false", how: "removed" },
  "RequestAuthentication spec.jwtRules[].outputPayloadToHeader": {
    by: "security/jwt/outputs-two-rules",
    how: "removed",
  },
  "RequestAuthentication spec.jwtRules[].fromCookies": { by: "security/jwt/forward-false", how: "removed" },
  "RequestAuthentication spec.jwtRules[].forwardOriginalToken": { by: "security/jwt/forward-false", how: "changed" },
  "RequestAuthentication spec.jwtRules[].outputClaimToHeaders[].header": {
    by: "security/jwt/outputs-in-authz",
    how: "changed",
  },
  "RequestAuthentication spec.jwtRules[].outputClaimToHeaders[].claim": {
    by: "security/jwt/outputs-in-authz",
    how: "changed",
  },
  "RequestAuthentication spec.jwtRules[].spaceDelimitedClaims": { by: "security/jwt/space-delimited", how: "removed" },
  "DestinationRule spec.host": { by: "security/mtls-extra/text-mutual-to-naked-noretry", how: "changed" },
  "DestinationRule spec.trafficPolicy.connectionPool.http.http2MaxRequests": {
    by: "test/runtime/proxy/http-options.test.ts",
    how: "tested",
  },
  "DestinationRule spec.trafficPolicy.connectionPool.http.h2UpgradePolicy": {
    by: "traffic/headers/upgrade-policy",
    how: "removed",
  },
  "DestinationRule spec.trafficPolicy.connectionPool.http.useClientProtocol": {
    by: "traffic/headers/upgrade-policy",
    how: "removed",
  },
  "DestinationRule spec.trafficPolicy.tls.mode": {
    by: "security/mtls-extra/text-mutual-to-naked-noretry",
    how: "removed",
  },
  "DestinationRule spec.trafficPolicy.tls.clientCertificate": {
    by: "security/mtls-matrix/client-mutual-skip-server-strict",
    how: "changed",
  },
  "DestinationRule spec.trafficPolicy.tls.privateKey": { by: "test/runtime/compile/client-tls.test.ts", how: "tested" },
  "DestinationRule spec.trafficPolicy.tls.caCertificates": {
    by: "security/mtls-matrix/client-mutual-server-strict",
    how: "removed",
  },
  "DestinationRule spec.trafficPolicy.tls.credentialName": {
    by: "security/mtls-extra/odd-simple-credential",
    how: "removed",
  },
  "DestinationRule spec.trafficPolicy.tls.subjectAltNames": {
    by: "security/mtls-extra/text-san-mismatch-noretry",
    how: "removed",
  },
  "DestinationRule spec.trafficPolicy.tls.sni": { by: "security/mtls-extra/sni", how: "removed" },
  "DestinationRule spec.trafficPolicy.tls.insecureSkipVerify": {
    by: "security/mtls-matrix/client-mutual-skip-server-strict",
    how: "removed",
  },
  "DestinationRule spec.trafficPolicy.tls.caCrl": { by: "test/runtime/proxy/origination.test.ts", how: "tested" },
  "DestinationRule spec.trafficPolicy.portLevelSettings[].port.number": {
    by: "security/mtls-matrix/scope-port-level-strict",
    how: "removed",
  },
  "DestinationRule spec.trafficPolicy.portLevelSettings[].connectionPool.http.http2MaxRequests": {
    by: "test/runtime/proxy/http-options.test.ts",
    how: "tested",
  },
  "DestinationRule spec.trafficPolicy.portLevelSettings[].tls.mode": {
    by: "security/mtls-matrix/scope-port-over-top-permissive",
    how: "removed",
  },
  "DestinationRule spec.trafficPolicy.portLevelSettings[].tls.privateKey": {
    by: "test/runtime/compile/client-tls.test.ts",
    how: "tested",
  },
  "DestinationRule spec.trafficPolicy.portLevelSettings[].tls.caCertificates": {
    by: "own/gotchas/GO-34",
    how: "removed",
  },
  "DestinationRule spec.trafficPolicy.portLevelSettings[].tls.credentialName": {
    by: "own/suites/TC-46",
    how: "removed",
  },
  "DestinationRule spec.trafficPolicy.portLevelSettings[].tls.subjectAltNames": {
    by: "own/gotchas/GO-35",
    how: "removed",
  },
  "DestinationRule spec.trafficPolicy.portLevelSettings[].tls.sni": { by: "own/suites/TC-46", how: "removed" },
  "DestinationRule spec.trafficPolicy.portLevelSettings[].tls.caCrl": {
    by: "test/runtime/proxy/origination.test.ts",
    how: "tested",
  },
  "DestinationRule spec.subsets[].name": { by: "traffic/rewrite/hdr-weighted", how: "changed" },
  "DestinationRule spec.subsets[].labels": { by: "traffic/rewrite/hdr-weighted", how: "changed" },
  "DestinationRule spec.subsets[].trafficPolicy.connectionPool.http.http2MaxRequests": {
    by: "test/runtime/proxy/http-options.test.ts",
    how: "tested",
  },
  "DestinationRule spec.subsets[].trafficPolicy.tls.privateKey": {
    by: "test/runtime/compile/client-tls.test.ts",
    how: "tested",
  },
  "DestinationRule spec.subsets[].trafficPolicy.tls.caCrl": {
    by: "test/runtime/proxy/origination.test.ts",
    how: "tested",
  },
  "DestinationRule spec.subsets[].trafficPolicy.portLevelSettings[].connectionPool.http.http2MaxRequests": {
    by: "test/runtime/proxy/http-options.test.ts",
    how: "tested",
  },
  "DestinationRule spec.subsets[].trafficPolicy.portLevelSettings[].tls.privateKey": {
    by: "test/runtime/compile/client-tls.test.ts",
    how: "tested",
  },
  "DestinationRule spec.subsets[].trafficPolicy.portLevelSettings[].tls.caCrl": {
    by: "test/runtime/proxy/origination.test.ts",
    how: "tested",
  },
  "DestinationRule spec.exportTo": { by: "security/mtls-matrix/scope-exportto-permissive", how: "removed" },
  "DestinationRule spec.workloadSelector.matchLabels": { by: "own/fields/destination-rule-workloads", how: "removed" },
  "Sidecar spec.workloadSelector.labels": { by: "traffic/inbound/inbound-pool", how: "changed" },
  "Sidecar spec.ingress[].port.number": { by: "traffic/inbound/ingress-listener-podip", how: "changed" },
  "Sidecar spec.ingress[].port.protocol": { by: "traffic/inbound/ingress-listener-podip", how: "removed" },
  "Sidecar spec.ingress[].bind": { by: "test/runtime/compile/inbound-ports.test.ts", how: "tested" },
  "Sidecar spec.ingress[].defaultEndpoint": { by: "traffic/inbound/ingress-listener-podip", how: "removed" },
  "Sidecar spec.ingress[].connectionPool.http.useClientProtocol": {
    by: "test/runtime/compile/unseen-fields.test.ts",
    how: "tested",
  },
  "Sidecar spec.inboundConnectionPool.http.http2MaxRequests": { by: "traffic/inbound/inbound-pool", how: "removed" },
  "Sidecar spec.inboundConnectionPool.http.useClientProtocol": {
    by: "test/runtime/compile/unseen-fields.test.ts",
    how: "tested",
  },
  "VirtualService spec.hosts": { by: "security/mtls-extra/text-mutual-to-naked-noretry", how: "removed" },
  "VirtualService spec.gateways": { by: "traffic/virtual-host/gw-mesh", how: "changed" },
  "VirtualService spec.http[].name": { by: "traffic/fault-timeout-retry/fault-and-retry", how: "removed" },
  "VirtualService spec.http[].match[].name": { by: "traffic/match/match-names", how: "removed" },
  "VirtualService spec.http[].match[].uri.exact": { by: "traffic/fault-timeout-retry/retry-backoff", how: "removed" },
  "VirtualService spec.http[].match[].uri.prefix": {
    by: "traffic/fault-timeout-retry/fault-and-retry",
    how: "changed",
  },
  "VirtualService spec.http[].match[].uri.regex": { by: "traffic/match/catch-all-regex-any", how: "changed" },
  "VirtualService spec.http[].match[].scheme.exact": { by: "traffic/match/scheme", how: "removed" },
  "VirtualService spec.http[].match[].scheme.prefix": { by: "traffic/match/scheme", how: "changed" },
  "VirtualService spec.http[].match[].method.exact": { by: "traffic/match/catch-all-not", how: "removed" },
  "VirtualService spec.http[].match[].method.prefix": { by: "traffic/match/method", how: "removed" },
  "VirtualService spec.http[].match[].method.regex": { by: "traffic/match/method", how: "removed" },
  "VirtualService spec.http[].match[].authority.exact": { by: "traffic/match/over-h2", how: "removed" },
  "VirtualService spec.http[].match[].authority.prefix": { by: "traffic/match/authority", how: "removed" },
  "VirtualService spec.http[].match[].authority.regex": { by: "traffic/match/authority", how: "removed" },
  "VirtualService spec.http[].match[].headers.*.exact": {
    by: "security/mtls-extra/naming-one-impostor",
    how: "removed",
  },
  "VirtualService spec.http[].match[].headers.*.prefix": { by: "traffic/match/headers-repeated", how: "changed" },
  "VirtualService spec.http[].match[].headers.*.regex": { by: "traffic/match/headers-repeated", how: "removed" },
  "VirtualService spec.http[].match[].port": { by: "traffic/match/port-all-dropped", how: "removed" },
  "VirtualService spec.http[].match[].sourceLabels": { by: "traffic/match/source-all-dropped", how: "removed" },
  "VirtualService spec.http[].match[].gateways": { by: "traffic/match/gateways-in-match", how: "removed" },
  "VirtualService spec.http[].match[].queryParams.*.exact": { by: "traffic/match/over-h2", how: "changed" },
  "VirtualService spec.http[].match[].queryParams.*.regex": { by: "own/fields/virtual-service-match", how: "removed" },
  "VirtualService spec.http[].match[].ignoreUriCase": { by: "own/fields/virtual-service-match", how: "removed" },
  "VirtualService spec.http[].match[].withoutHeaders.*.exact": { by: "traffic/match/headers-repeated", how: "removed" },
  "VirtualService spec.http[].match[].sourceNamespace": { by: "own/fields/virtual-service-match", how: "removed" },
  "VirtualService spec.http[].route[].destination.host": {
    by: "security/mtls-extra/text-mutual-to-naked-noretry",
    how: "changed",
  },
  "VirtualService spec.http[].route[].destination.subset": {
    by: "traffic/fault-timeout-retry/fault-weighted",
    how: "removed",
  },
  "VirtualService spec.http[].route[].destination.port.number": {
    by: "traffic/virtual-host/dest-port-given",
    how: "changed",
  },
  "VirtualService spec.http[].route[].weight": { by: "traffic/fault-timeout-retry/fault-weighted", how: "removed" },
  "VirtualService spec.http[].route[].headers.request.set": {
    by: "traffic/rewrite/authority-weighted",
    how: "removed",
  },
  "VirtualService spec.http[].route[].headers.request.add": { by: "traffic/rewrite/hdr-weighted", how: "removed" },
  "VirtualService spec.http[].route[].headers.response.add": { by: "traffic/rewrite/hdr-weighted", how: "removed" },
  "VirtualService spec.http[].redirect.uri": { by: "traffic/rewrite/redirect-xfp", how: "changed" },
  "VirtualService spec.http[].redirect.authority": { by: "traffic/rewrite/redirect-authority", how: "removed" },
  "VirtualService spec.http[].redirect.port": { by: "own/fields/virtual-service-redirect", how: "changed" },
  "VirtualService spec.http[].redirect.derivePort": { by: "own/fields/virtual-service-redirect", how: "removed" },
  "VirtualService spec.http[].redirect.scheme": { by: "traffic/rewrite/redirect-scheme", how: "changed" },
  "VirtualService spec.http[].redirect.redirectCode": { by: "own/fields/virtual-service-redirect", how: "removed" },
  "VirtualService spec.http[].redirect.prefixRewrite": { by: "traffic/rewrite/redirect-prefix", how: "changed" },
  "VirtualService spec.http[].directResponse.status": { by: "traffic/virtual-host/gw-mesh", how: "changed" },
  "VirtualService spec.http[].directResponse.body.string": { by: "traffic/virtual-host/gw-mesh", how: "removed" },
  "VirtualService spec.http[].directResponse.body.bytes": { by: "own/fields/virtual-service-match", how: "removed" },
  "VirtualService spec.http[].rewrite.uri": { by: "traffic/rewrite/rewrite-and-headers", how: "removed" },
  "VirtualService spec.http[].rewrite.authority": { by: "traffic/rewrite/rewrite-and-headers", how: "removed" },
  "VirtualService spec.http[].rewrite.uriRegexRewrite.match": {
    by: "traffic/rewrite/regex-rewrite-ci",
    how: "changed",
  },
  "VirtualService spec.http[].rewrite.uriRegexRewrite.rewrite": {
    by: "traffic/rewrite/regex-rewrite-ci",
    how: "changed",
  },
  "VirtualService spec.http[].timeout": { by: "traffic/headers/websocket-timeout", how: "removed" },
  "VirtualService spec.http[].retries.attempts": {
    by: "security/mtls-extra/text-mutual-to-naked-noretry",
    how: "changed",
  },
  "VirtualService spec.http[].retries.perTryTimeout": {
    by: "traffic/fault-timeout-retry/retry-per-try",
    how: "removed",
  },
  "VirtualService spec.http[].retries.retryOn": { by: "traffic/fault-timeout-retry/retry-backoff", how: "removed" },
  "VirtualService spec.http[].retries.backoff": { by: "test/runtime/compile/routes.test.ts", how: "tested" },
  "VirtualService spec.http[].fault.delay.percent": { by: "test/runtime/compile/routes.test.ts", how: "tested" },
  "VirtualService spec.http[].fault.delay.fixedDelay": { by: "test/runtime/compile/routes.test.ts", how: "tested" },
  "VirtualService spec.http[].fault.abort.httpStatus": {
    by: "traffic/fault-timeout-retry/fault-and-retry",
    how: "removed",
  },
  "VirtualService spec.http[].fault.abort.grpcStatus": { by: "traffic/fault-timeout-retry/abort-grpc", how: "removed" },
  "VirtualService spec.http[].fault.abort.percentage.value": {
    by: "traffic/fault-timeout-retry/fault-and-retry",
    how: "removed",
  },
  "VirtualService spec.http[].headers.request.set": { by: "traffic/rewrite/hdr-weighted", how: "removed" },
  "VirtualService spec.http[].headers.request.add": { by: "traffic/rewrite/hdr-weighted", how: "removed" },
  "VirtualService spec.http[].headers.response.set": { by: "traffic/rewrite/hdr-weighted", how: "removed" },
  "VirtualService spec.http[].headers.response.add": { by: "traffic/rewrite/hdr-weighted", how: "removed" },
  "VirtualService spec.http[].headers.response.remove": { by: "traffic/rewrite/hdr-response", how: "removed" },
  "VirtualService spec.tls[].match[].sniHosts": { by: "own/fields/tls-match-sni", how: "changed" },
  "VirtualService spec.tls[].match[].destinationSubnets": { by: "own/fields/tls-match-subnet", how: "removed" },
  "VirtualService spec.tls[].match[].port": { by: "traffic/tcp-tls-routing/tls-sni-port", how: "removed" },
  "VirtualService spec.tls[].match[].sourceLabels": { by: "traffic/tcp-tls-routing/tls-sni-source", how: "removed" },
  "VirtualService spec.tls[].match[].sourceNamespace": { by: "own/fields/tls-match-namespace", how: "removed" },
  "VirtualService spec.tls[].route[].destination.host": {
    by: "traffic/tcp-tls-routing/tls-sni-source",
    how: "changed",
  },
  "VirtualService spec.tls[].route[].destination.subset": {
    by: "traffic/tcp-tls-routing/tls-missing-subset",
    how: "removed",
  },
  "VirtualService spec.tls[].route[].destination.port.number": {
    by: "traffic/tcp-tls-routing/tls-sni-source",
    how: "changed",
  },
  "VirtualService spec.tcp[].match[].destinationSubnets": { by: "own/fields/virtual-service-tcp", how: "removed" },
  "VirtualService spec.tcp[].match[].port": { by: "traffic/tcp-tls-routing/vs-port-unmatched", how: "removed" },
  "VirtualService spec.tcp[].match[].sourceLabels": { by: "traffic/tcp-tls-routing/vs-subset", how: "removed" },
  "VirtualService spec.tcp[].match[].gateways": { by: "traffic/tcp-tls-routing/vs-gateway-only", how: "removed" },
  "VirtualService spec.tcp[].match[].sourceNamespace": { by: "traffic/tcp-tls-routing/vs-source-ns", how: "removed" },
  "VirtualService spec.tcp[].route[].destination.host": {
    by: "traffic/tcp-tls-routing/vs-empty-subset",
    how: "changed",
  },
  "VirtualService spec.tcp[].route[].destination.subset": {
    by: "traffic/tcp-tls-routing/vs-empty-subset",
    how: "removed",
  },
  "VirtualService spec.tcp[].route[].destination.port.number": {
    by: "traffic/tcp-tls-routing/vs-empty-subset",
    how: "changed",
  },
  "VirtualService spec.tcp[].route[].weight": { by: "traffic/tcp-tls-routing/vs-weight-zero", how: "changed" },
  "VirtualService spec.exportTo": { by: "traffic/virtual-host/vs-explicit-before-public", how: "removed" },
  "MeshConfig meshConfig.rootNamespace": { by: "security/peerauthn-precedence/custom-root", how: "removed" },
  "MeshConfig meshConfig.trustDomain": { by: "security/trust-domain/client-cert-foreign", how: "removed" },
  "MeshConfig meshConfig.trustDomainAliases": { by: "security/trust-domain/client-cert-old-td", how: "removed" },
  "MeshConfig meshConfig.enableAutoMtls": { by: "security/mtls-matrix/enable-auto-mtls-false-strict", how: "removed" },
  "MeshConfig meshConfig.connectTimeout": { by: "test/runtime/compile/outbound.test.ts", how: "tested" },
  "MeshConfig meshConfig.outboundTrafficPolicy.mode": {
    by: "traffic/virtual-host/forms-registry-only",
    how: "removed",
  },
  "MeshConfig meshConfig.pathNormalization.normalization": {
    by: "traffic/match/normalise-decode-and-merge-slashes",
    how: "removed",
  },
  "MeshConfig meshConfig.meshMTLS.minProtocolVersion": { by: "security/mtls-matrix/min-tls-13", how: "removed" },
  "MeshConfig meshConfig.h2UpgradePolicy": { by: "test/runtime/compile/http-protocol.test.ts", how: "tested" },
  "MeshConfig meshConfig.defaultServiceExportTo": { by: "own/fields/service-export", how: "removed" },
  "MeshConfig meshConfig.defaultVirtualServiceExportTo": {
    by: "traffic/virtual-host/export-vs-mesh-default",
    how: "removed",
  },
  "MeshConfig meshConfig.defaultDestinationRuleExportTo": { by: "own/fields/destination-rule-export", how: "removed" },
  "MeshConfig meshConfig.extensionProviders[].name": {
    by: "security/ext-authz/http-headers-down-deny",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.service": {
    by: "security/ext-authz/http-headers-down-deny",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.port": {
    by: "security/ext-authz/http-headers-down-deny",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.timeout": {
    by: "test/differential/ext-authz.test.ts",
    how: "tested",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.failOpen": {
    by: "security/ext-authz/http-noendpoints-closed",
    how: "changed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.statusOnError": {
    by: "security/ext-authz/http-noendpoints-closed-429",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.pathPrefix": {
    by: "test/differential/ext-authz.test.ts",
    how: "tested",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.includeHeadersInCheck": {
    by: "own/fields/authorizer-http-partial",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.includeRequestHeadersInCheck": {
    by: "security/ext-authz/http-headers-down-deny",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.includeAdditionalHeadersInCheck": {
    by: "own/fields/authorizer-http",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.includeRequestBodyInCheck.maxRequestBytes": {
    by: "own/fields/authorizer-http",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.includeRequestBodyInCheck.allowPartialMessage": {
    by: "own/fields/authorizer-http-partial",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.includeRequestBodyInCheck.packAsBytes": {
    by: "test/runtime/config/extension-providers.test.ts",
    how: "tested",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.headersToUpstreamOnAllow": {
    by: "security/ext-authz/http-headers-up",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.headersToDownstreamOnAllow": {
    by: "own/fields/authorizer-http",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzHttp.headersToDownstreamOnDeny": {
    by: "security/ext-authz/http-headers-down-deny",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzGrpc.service": {
    by: "security/ext-authz/grpc-unknown-port",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzGrpc.port": {
    by: "security/ext-authz/grpc-unknown-port",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzGrpc.timeout": {
    by: "test/differential/ext-authz.test.ts",
    how: "tested",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzGrpc.failOpen": {
    by: "security/ext-authz/grpc-noendpoints-closed-429",
    how: "changed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzGrpc.statusOnError": {
    by: "security/ext-authz/grpc-noendpoints-closed-429",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzGrpc.includeRequestBodyInCheck.maxRequestBytes": {
    by: "own/fields/authorizer-grpc",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzGrpc.includeRequestBodyInCheck.allowPartialMessage": {
    by: "own/fields/authorizer-grpc-partial",
    how: "removed",
  },
  "MeshConfig meshConfig.extensionProviders[].envoyExtAuthzGrpc.includeRequestBodyInCheck.packAsBytes": {
    by: "test/differential/ext-authz.test.ts",
    how: "tested",
  },
  "MeshConfig meshConfig.defaultHttpRetryPolicy.attempts": {
    by: "traffic/fault-timeout-retry/retry-mesh-off",
    how: "changed",
  },
  "MeshConfig meshConfig.defaultHttpRetryPolicy.perTryTimeout": {
    by: "test/runtime/compile/unseen-fields.test.ts",
    how: "tested",
  },
  "MeshConfig meshConfig.defaultHttpRetryPolicy.retryOn": {
    by: "traffic/fault-timeout-retry/retry-mesh-default",
    how: "removed",
  },
  "MeshConfig meshConfig.defaultHttpRetryPolicy.backoff": {
    by: "test/runtime/compile/unseen-fields.test.ts",
    how: "tested",
  },
  "proxy.istio.io/config proxyConfig.proxyHeaders.server.disabled": { by: "own/fields/proxy-config", how: "removed" },
  "proxy.istio.io/config proxyConfig.proxyHeaders.server.value": {
    by: "traffic/headers/proxy-headers-server-value",
    how: "removed",
  },
  "proxy.istio.io/config proxyConfig.proxyHeaders.requestId.disabled": {
    by: "traffic/headers/proxy-headers-reqid-off",
    how: "removed",
  },
  "proxy.istio.io/config proxyConfig.proxyHeaders.attemptCount.disabled": {
    by: "traffic/headers/proxy-headers-attempt-off",
    how: "removed",
  },
  "proxy.istio.io/config proxyConfig.proxyHeaders.envoyDebugHeaders.disabled": {
    by: "own/fields/proxy-config",
    how: "removed",
  },
  "proxy.istio.io/config proxyConfig.proxyHeaders.forwardedClientCert": {
    by: "traffic/headers/proxy-headers-xfcc-sanitize",
    how: "removed",
  },
  "proxy.istio.io/config proxyConfig.proxyHeaders.setCurrentClientCertDetails.subject": {
    by: "test/runtime/proxy/forwarded-client-cert.test.ts",
    how: "tested",
  },
  "proxy.istio.io/config proxyConfig.proxyHeaders.setCurrentClientCertDetails.dns": {
    by: "test/runtime/proxy/forwarded-client-cert.test.ts",
    how: "tested",
  },
  "proxy.istio.io/config proxyConfig.proxyHeaders.setCurrentClientCertDetails.uri": {
    by: "test/runtime/compile/http-options.test.ts",
    how: "tested",
  },
  "proxy.istio.io/config proxyConfig.proxyHeaders.setCurrentClientCertDetails.cert": {
    by: "test/runtime/proxy/forwarded-client-cert.test.ts",
    how: "tested",
  },
  "proxy.istio.io/config proxyConfig.proxyHeaders.setCurrentClientCertDetails.chain": {
    by: "test/runtime/proxy/forwarded-client-cert.test.ts",
    how: "tested",
  },
  "proxy.istio.io/config proxyConfig.proxyHeaders.xForwardedHost.enabled": {
    by: "own/fields/proxy-config",
    how: "removed",
  },
  "proxy.istio.io/config proxyConfig.proxyHeaders.xForwardedPort.enabled": {
    by: "traffic/headers/proxy-headers-xfport",
    how: "removed",
  },
  "proxy.istio.io/config proxyConfig.proxyMetadata.ISTIO_META_HTTP10": {
    by: "own/fields/proxy-config",
    how: "removed",
  },
};
