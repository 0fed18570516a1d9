import type { HttpOptions } from "../model/snapshot.ts";

/** What a sidecar does without any ProxyConfig (spec traffic 5.1, 5.4.1, security ID-31). */
export const defaultInboundOptions: HttpOptions = {
  server: "istio-envoy",
  requestId: true,
  attemptCount: true,
  debugHeaders: true,
  forwardedClientCert: "APPEND_FORWARD",
  clientCertDetails: { subject: true, dns: true, uri: true },
  forwardedPort: false,
  forwardedHost: false,
  http10: false,
};

/** Towards other workloads nothing that the application says of certificates is believed. */
export const defaultOutboundOptions: HttpOptions = {
  ...defaultInboundOptions,
  server: "envoy",
  forwardedClientCert: "SANITIZE",
};
