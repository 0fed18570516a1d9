import type { InboundRequestContext } from "../traffic/request-headers.ts";
import type { CertificateClaim } from "./payload.ts";
import type { PaperProxy, PaperWorld } from "./world.ts";

/** What the server's sidecar knows when a request enters it. */
export function entryContext(
  world: PaperWorld,
  proxy: PaperProxy,
  port: number,
  certificate: CertificateClaim | undefined,
): InboundRequestContext {
  return {
    requestId: world.requestId,
    port,
    options: proxy.snapshot.inbound.options,
    tls: certificate !== undefined,
    identity: world.certificate(proxy.workload).uriSans[0] ?? proxy.snapshot.identity,
    peer: certificate,
  };
}
