import { assertNever } from "../core/assert-never.ts";
import type { Mesh, PortProtocol, Workload, World } from "../model/mesh.ts";
import type { InboundListener, InboundSection } from "../model/snapshot.ts";
import { inboundChains } from "../policy/chains.ts";
import { namedPorts, portMode, workloadMode, type ModeResult } from "../policy/mtls-mode.ts";
import { inboundDecorator } from "../traffic/response-headers.ts";
import { bindAuthorization } from "./authorization.ts";
import { maxRequests } from "./connection-pool.ts";
import { inboundOptions } from "./http-options.ts";
import { inboundHttp } from "./http-protocol.ts";
import { bindInboundPorts, type InboundPort } from "./inbound-ports.ts";
import { bindPeerAuthentication } from "./peer-authentication.ts";
import { bindJwtRules } from "./request-authentication.ts";

/** What a workload's sidecar does with connections that arrive. For many workloads of one mesh use `bindInbound`. */
export function compileInbound(mesh: Mesh, workload: Workload, world?: Pick<World, "keySets">): InboundSection {
  return bindInbound(mesh, world)(workload);
}

export function bindInbound(mesh: Mesh, world?: Pick<World, "keySets">): (workload: Workload) => InboundSection {
  const levelsOf = bindPeerAuthentication(mesh);
  const policiesOf = bindAuthorization(mesh);
  const jwtRulesOf = bindJwtRules(mesh, world?.keySets);
  const portsOf = bindInboundPorts(mesh);

  return (workload) => {
    const levels = levelsOf(workload);
    const options = inboundOptions(mesh, workload);
    const listeners = new Map<number, InboundListener>();
    for (const port of portsOf(workload)) {
      const protocol = listenerProtocol(port.protocol);
      // Several services may share a target port: the oldest decides its protocol (spec traffic 1.1.11).
      if (protocol === undefined || listeners.has(port.listen)) continue;
      const result = portMode(levels, port.listen);
      listeners.set(port.listen, declaredListener(port, protocol, result, options.http10));
    }
    for (const port of namedPorts(levels)) {
      if (!listeners.has(port)) {
        listeners.set(port, passthroughListener(port, portMode(levels, port), options.http10));
      }
    }
    return {
      listeners: [...listeners.values()].toSorted((a, b) => a.port - b.port),
      passthrough: passthroughListener(0, workloadMode(levels), options.http10),
      ...policiesOf(workload),
      jwt: jwtRulesOf(workload),
      options,
    };
  };
}

/** How a declared protocol is handled by a listener (spec traffic 1.1.5); undefined: not at all. */
function listenerProtocol(protocol: PortProtocol): InboundListener["protocol"] | undefined {
  switch (protocol) {
    case "http":
    case "http2":
    case "grpc":
    case "grpc-web":
      return "http";
    case "auto":
      return "auto";
    case "udp":
      return undefined;
    case "tcp":
    case "tls":
    case "https":
    case "mongo":
    case "mysql":
    case "redis":
      return "tcp";
    default:
      return assertNever(protocol);
  }
}

function declaredListener(
  port: InboundPort,
  protocol: InboundListener["protocol"],
  result: ModeResult,
  http10: boolean,
): InboundListener {
  const name = `${port.bind}_${port.listen}`;
  return {
    port: port.listen,
    protocol,
    mode: result.mode,
    because: result.because,
    chains: inboundChains(protocol, result.mode, { http: name, tcp: name }, http10),
    cluster: `inbound|${port.listen}||`,
    http: inboundHttp(port.protocol, port.pool),
    appPort: port.appPort,
    maxRequests: maxRequests(port.pool),
    virtualHost: `inbound|http|${port.servicePort}`,
    decorator: inboundDecorator(port.host, port.servicePort),
  };
}

/** Ports of no service are guarded like a sniffed one (spec PA-7, PA-17). */
function passthroughListener(port: number, result: ModeResult, http10: boolean): InboundListener {
  const names = { http: "virtualInbound-catchall-http", tcp: "virtualInbound" };
  return {
    port,
    protocol: "auto",
    mode: result.mode,
    because: result.because,
    chains: inboundChains("auto", result.mode, names, http10),
    cluster: "InboundPassthroughCluster",
    http: "downstream",
    appPort: undefined,
    maxRequests: undefined,
    virtualHost: "inbound|http|0",
    decorator: inboundDecorator("", 0),
  };
}
