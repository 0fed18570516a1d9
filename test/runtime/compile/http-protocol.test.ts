import { describe, expect, it } from "vitest";
import { compileInbound } from "../../../runtime/compile/inbound.ts";
import { indexMesh } from "../../../runtime/compile/mesh-index.ts";
import { compileOutbound } from "../../../runtime/compile/outbound.ts";
import type { TrafficPolicy } from "../../../runtime/model/istio-networking.ts";
import type { MeshConfig, PortProtocol } from "../../../runtime/model/mesh.ts";
import { mesh, port, service, workload } from "./small-mesh.ts";

const frontend = workload("frontend");
const backend = workload("backend", { address: "10.244.1.10" });

function httpOf(
  protocol: PortProtocol,
  trafficPolicy: TrafficPolicy | undefined,
  config: Partial<MeshConfig> = {},
  subset = "",
): readonly [outbound: string | undefined, inbound: string | undefined] {
  const whole = mesh({
    workloads: [frontend, backend],
    services: [service("backend", [port(8080, protocol)])],
    destinationRules:
      trafficPolicy === undefined
        ? []
        : [{ name: "rule", spec: { host: "backend", trafficPolicy, subsets: [{ name: "v1" }] } }],
    config,
  });
  const { clusters } = compileOutbound(indexMesh(whole, { ready: new Set(["backend"]) }), frontend);
  const { listeners } = compileInbound(whole, backend);
  return [clusters[`outbound|8080|${subset}|backend.default.svc.cluster.local`]?.http, listeners[0]?.http];
}

const upgrade: TrafficPolicy = { connectionPool: { http: { h2UpgradePolicy: "UPGRADE" } } };
const keep: TrafficPolicy = { connectionPool: { http: { h2UpgradePolicy: "DO_NOT_UPGRADE" } } };
const client: TrafficPolicy = { connectionPool: { http: { useClientProtocol: true } } };

describe("HTTP version towards endpoints and the own application", () => {
  // spec traffic 1.1.5, 1.1.7, 3.3.10, 3.3.12; recorded: headers/upgrade-policy, headers/translate-sidecar, inbound/declared-http2
  it.each([
    ["http", undefined, "http1", "http1"],
    ["http2", undefined, "http2", "http2"],
    ["grpc", undefined, "http2", "http2"],
    ["grpc-web", undefined, "http2", "http2"],
    ["auto", undefined, "downstream", "downstream"],
    ["http", upgrade, "http2", "http1"],
    ["auto", upgrade, "http2", "downstream"],
    ["grpc", keep, "http2", "http2"],
    ["http", client, "downstream", "downstream"],
    ["http2", client, "downstream", "downstream"],
  ] as const)("%s with %j: %s outbound, %s inbound", (protocol, policy, outbound, inbound) => {
    expect(httpOf(protocol, policy)).toEqual([outbound, inbound]);
  });

  it("the mesh upgrades ports declared as HTTP, unless the rule says otherwise", () => {
    const config = { h2UpgradePolicy: "UPGRADE" } as const;
    expect(httpOf("http", undefined, config)).toEqual(["http2", "http1"]);
    expect(httpOf("http", keep, config)).toEqual(["http1", "http1"]);
    expect(httpOf("auto", undefined, config)).toEqual(["downstream", "downstream"]);
  });

  it("a port entry replaces the rule's pool, and a subset without one inherits it", () => {
    const other: TrafficPolicy = { ...upgrade, portLevelSettings: [{ port: { number: 8080 } }] };
    expect(httpOf("http", other)[0]).toBe("http1");
    expect(httpOf("http", upgrade, {}, "v1")[0]).toBe("http2");
  });
});
