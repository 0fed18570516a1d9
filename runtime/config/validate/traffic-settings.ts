import { domainFault, ipFault } from "../domain.ts";
import { parseDuration } from "../duration.ts";
import type { Decoded } from "../shape.ts";
import type { connectionPoolSettings } from "../shapes/destination-rule.ts";
import type { TrafficPolicy } from "./specs.ts";
import { type Report, refuseFault } from "./report.ts";
import { durationFault, percentFault, portFault } from "./values.ts";

type ConnectionPool = Decoded<typeof connectionPoolSettings>;

export function validateOutlierDetection(
  outlier: TrafficPolicy["outlierDetection"],
  field: string,
  report: Report,
): void {
  if (outlier === undefined) return;
  refuseFault(report, `${field}.baseEjectionTime`, durationFault(outlier.baseEjectionTime));
  if ((outlier.consecutiveErrors ?? 0) !== 0)
    report.warn(
      `${field}.consecutiveErrors`,
      "outlier detection consecutive errors is deprecated, use consecutiveGatewayErrors or consecutive5xxErrors instead",
    );
  if (outlier.splitExternalLocalOriginErrors !== true && (outlier.consecutiveLocalOriginFailures ?? 0) > 0)
    report.refuse(
      `${field}.consecutiveLocalOriginFailures`,
      "outlier detection consecutive local origin failures is specified, but split external local origin errors is set to false",
    );
  refuseFault(report, `${field}.interval`, durationFault(outlier.interval));
  refuseFault(report, `${field}.maxEjectionPercent`, percentFault(outlier.maxEjectionPercent ?? 0));
  refuseFault(report, `${field}.minHealthPercent`, percentFault(outlier.minHealthPercent ?? 0));
}

const httpLimits = [
  ["http1MaxPendingRequests", "http1 max pending requests must be non-negative"],
  ["http2MaxRequests", "http2 max requests must be non-negative"],
  ["maxRequestsPerConnection", "max requests per connection must be non-negative"],
  ["maxRetries", "max retries must be non-negative"],
  ["maxConcurrentStreams", "max concurrent streams must be non-negative"],
] as const;

export function validateConnectionPool(pool: ConnectionPool | undefined, field: string, report: Report): void {
  if (pool === undefined) return;
  const { http, tcp } = pool;
  if (http === undefined && tcp === undefined) {
    report.refuse(field, "connection pool must have at least one field", "remove it");
    return;
  }
  if (http !== undefined) {
    for (const [key, message] of httpLimits) if ((http[key] ?? 0) < 0) report.refuse(`${field}.http.${key}`, message);
    refuseFault(report, `${field}.http.idleTimeout`, durationFault(http.idleTimeout));
    if (http.h2UpgradePolicy === "UPGRADE" && http.useClientProtocol === true)
      report.refuse(
        `${field}.http.useClientProtocol`,
        "use client protocol must not be true when H2UpgradePolicy is UPGRADE",
      );
    for (const key of ["interval", "timeout"] as const) {
      if (http.http2KeepAlive === undefined) break;
      const value = http.http2KeepAlive[key];
      if (value === undefined) report.refuse(`${field}.http.http2KeepAlive`, `http2 keepalive ${key} is required`);
      else refuseFault(report, `${field}.http.http2KeepAlive.${key}`, durationFault(value));
    }
  }
  if (tcp === undefined) return;
  if ((tcp.maxConnections ?? 0) < 0)
    report.refuse(`${field}.tcp.maxConnections`, "max connections must be non-negative");
  refuseFault(report, `${field}.tcp.connectTimeout`, durationFault(tcp.connectTimeout));
  refuseFault(report, `${field}.tcp.maxConnectionDuration`, durationFault(tcp.maxConnectionDuration));
  // Zero turns the timeout off.
  if (Math.trunc(parseDuration(tcp.idleTimeout ?? "0") ?? 0) !== 0)
    refuseFault(report, `${field}.tcp.idleTimeout`, durationFault(tcp.idleTimeout));
  refuseFault(report, `${field}.tcp.tcpKeepalive.time`, durationFault(tcp.tcpKeepalive?.time));
  refuseFault(report, `${field}.tcp.tcpKeepalive.interval`, durationFault(tcp.tcpKeepalive?.interval));
}

export function validateTunnel(tunnel: TrafficPolicy["tunnel"], field: string, report: Report): void {
  if (tunnel === undefined) return;
  const { protocol = "", targetHost = "", targetPort = 0 } = tunnel;
  if (!["", "CONNECT", "POST"].includes(protocol))
    report.refuse(`${field}.protocol`, 'tunnel protocol must be "CONNECT" or "POST"');
  const domain = domainFault(targetHost);
  const address = ipFault(targetHost);
  if (domain !== undefined && address !== undefined)
    report.refuse(`${field}.targetHost`, `tunnel target host must be valid FQDN or IP address: ${domain}; ${address}`);
  const port = portFault(targetPort);
  if (port !== undefined) report.refuse(`${field}.targetPort`, `tunnel target port is invalid: ${port}`);
}
