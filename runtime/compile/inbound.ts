import { assertNever } from "../core/assert-never.ts";
import type { Mesh, PortProtocol, Service, ServicePort, Workload } from "../model/mesh.ts";
import type { InboundListener, InboundSection } from "../model/snapshot.ts";
import { inboundChains } from "../policy/chains.ts";
import { namedPorts, portMode, workloadMode, type ModeResult } from "../policy/mtls-mode.ts";
import { inboundDecorator } from "../traffic/response-headers.ts";
import { bindAuthorization } from "./authorization.ts";
import { bindDestinationRules } from "./destination-rule.ts";
import { inboundHttp } from "./http-protocol.ts";
import { bindPeerAuthentication } from "./peer-authentication.ts";
import { policyBlock } from "./policy-block.ts";
import { bindTokenRules } from "./request-authentication.ts";
import { bindServicesOf } from "./service-index.ts";

/** What a workload's sidecar does with connections that arrive. For many workloads of one mesh use `bindInbound`. */
export function compileInbound(mesh: Mesh, workload: Workload): InboundSection {
  return bindInbound(mesh)(workload);
}

export function bindInbound(mesh: Mesh): (workload: Workload) => InboundSection {
  const levelsOf = bindPeerAuthentication(mesh);
  const policiesOf = bindAuthorization(mesh);
  const tokenRulesOf = bindTokenRules(mesh);
  const servicesOf = bindServicesOf(mesh);
  const ruleFor = bindDestinationRules(mesh);

  return (workload) => {
    const levels = levelsOf(workload);
    const listeners = new Map<number, InboundListener>();
    for (const service of servicesOf(workload)) {
      for (const port of service.ports) {
        const protocol = listenerProtocol(port.protocol);
        // Several services may share a target port: the oldest decides its protocol (spec traffic 1.1.11).
        if (protocol === undefined || listeners.has(port.target)) continue;
        // The server obeys the service's DestinationRule as its own client would, never a subset (spec traffic 3.3.12).
        const rule = ruleFor(workload, service.hostname, service.namespace);
        const pool = policyBlock(rule, port.port, "", "connectionPool")?.value;
        const http = inboundHttp(port.protocol, pool);
        listeners.set(port.target, {
          ...declaredListener(service, port, protocol, portMode(levels, port.target)),
          http,
        });
      }
    }
    for (const port of namedPorts(levels)) {
      if (!listeners.has(port)) listeners.set(port, passthroughListener(port, portMode(levels, port)));
    }
    return {
      listeners: [...listeners.values()].toSorted((a, b) => a.port - b.port),
      passthrough: passthroughListener(0, workloadMode(levels)),
      ...policiesOf(workload),
      ...tokenRulesOf(workload),
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
  service: Service,
  port: ServicePort,
  protocol: InboundListener["protocol"],
  result: ModeResult,
): Omit<InboundListener, "http"> {
  const name = `0.0.0.0_${port.target}`;
  return {
    port: port.target,
    protocol,
    mode: result.mode,
    because: result.because,
    chains: inboundChains(protocol, result.mode, { http: name, tcp: name }),
    cluster: `inbound|${port.target}||`,
    virtualHost: `inbound|http|${port.port}`,
    decorator: inboundDecorator(service.hostname, port.port),
  };
}

/** Ports of no service are guarded like a sniffed one (spec PA-7, PA-17). */
function passthroughListener(port: number, result: ModeResult): InboundListener {
  return {
    port,
    protocol: "auto",
    mode: result.mode,
    because: result.because,
    chains: inboundChains("auto", result.mode, { http: "virtualInbound-catchall-http", tcp: "virtualInbound" }),
    cluster: "InboundPassthroughCluster",
    http: "downstream",
    virtualHost: "inbound|http|0",
    decorator: inboundDecorator("", 0),
  };
}
