import { randomBytes } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { SecureContext } from "node:tls";
import type { MeshConfig } from "../model/mesh.ts";
import type { Svid } from "./credentials.ts";

/** Istio's list for TLS 1.2 (spec PA-19); TLS 1.3 suites are fixed. */
const ciphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-GCM-SHA256",
].join(":");

/** Envoy's defaults. The library's list begins with a hybrid of X25519 and ML-KEM: a tenth of the CPU of every new connection. */
const curves = "X25519:P-256";

/**
 * What a sidecar answers with. Each context has ticket keys of its own, so that a ticket is worth nothing to another
 * sidecar, nor after this one's certificate, bundle or trust domains have changed (model.md §4).
 */
export function createServerContext(
  svid: Svid,
  roots: string,
  minimum: MeshConfig["minProtocolVersion"],
): SecureContext {
  return createSecureContext({
    key: svid.key,
    cert: svid.chain,
    ca: roots,
    minVersion: minimum === "TLSV1_3" ? "TLSv1.3" : "TLSv1.2",
    maxVersion: "TLSv1.3",
    ciphers,
    ecdhCurve: curves,
    honorCipherOrder: true,
    ticketKeys: randomBytes(48),
    sessionIdContext: randomBytes(16).toString("hex"),
  });
}

/** What a sidecar presents to other sidecars (spec CT-8, CT-18). */
export function createClientContext(svid: Svid, roots: string): SecureContext {
  return createSecureContext({
    key: svid.key,
    cert: svid.chain,
    ca: roots,
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    ciphers,
    ecdhCurve: curves,
  });
}
