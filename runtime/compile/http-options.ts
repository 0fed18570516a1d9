import type { Mesh, Workload } from "../model/mesh.ts";
import type { ProxyHeaders } from "../model/proxy-config.ts";
import type { HttpOptions } from "../model/snapshot.ts";
import { defaultInboundOptions, defaultOutboundOptions } from "../traffic/http-options.ts";

export function inboundOptions(mesh: Mesh, workload: Pick<Workload, "proxyConfig">): HttpOptions {
  const options = compileOptions(mesh, workload, defaultInboundOptions);
  const headers = headersOf(mesh, workload);
  const mode = headers?.forwardedClientCert ?? "UNDEFINED";
  const { subject, dns, uri, cert, chain } = headers?.setCurrentClientCertDetails ?? {};
  return {
    ...options,
    forwardedClientCert: mode === "UNDEFINED" ? options.forwardedClientCert : mode,
    clientCertDetails: {
      subject: subject ?? true,
      dns: dns ?? true,
      uri: uri ?? true,
      ...(cert === true ? { cert } : {}),
      ...(chain === true ? { chain } : {}),
    },
  };
}

/** `forwardedClientCert` is about what arrives only (Istio's reference of ProxyHeaders). */
export function outboundOptions(mesh: Mesh, workload: Pick<Workload, "proxyConfig">): HttpOptions {
  return compileOptions(mesh, workload, defaultOutboundOptions);
}

/** The workload's block replaces the mesh's as a whole, as fields of a ProxyConfig do. */
function headersOf(mesh: Mesh, workload: Pick<Workload, "proxyConfig">): ProxyHeaders | undefined {
  return workload.proxyConfig?.proxyHeaders ?? mesh.config.defaultConfig.proxyHeaders;
}

function compileOptions(mesh: Mesh, workload: Pick<Workload, "proxyConfig">, defaults: HttpOptions): HttpOptions {
  const headers = headersOf(mesh, workload);
  const http10 = workload.proxyConfig?.http10 ?? mesh.config.defaultConfig.http10 ?? false;
  return {
    ...defaults,
    server: headers?.server?.disabled === true ? undefined : headers?.server?.value || defaults.server,
    requestId: headers?.requestId?.disabled !== true,
    attemptCount: headers?.attemptCount?.disabled !== true,
    debugHeaders: headers?.envoyDebugHeaders?.disabled !== true,
    forwardedHost: headers?.xForwardedHost?.enabled === true,
    forwardedPort: headers?.xForwardedPort?.enabled === true,
    http10: http10 || isOn(mesh.features["PILOT_HTTP10"]),
  };
}

/** istiod reads its switches as Go reads a boolean. */
function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(?:1|t|true)$/i.test(value);
}
