import { describe, expect, it } from "vitest";
import { compileInbound } from "../../../runtime/compile/inbound.ts";
import type { InboundSection } from "../../../runtime/model/snapshot.ts";
import { paperMesh, paperService, paperWorkload } from "../../support/paper-mesh.ts";

const backend = paperWorkload("backend", "10.244.0.3");
const service = paperService("backend", "10.96.0.2", [[80, 8080, "http"]], { selector: { app: "backend" } });

function inbound(...documents: readonly string[]): InboundSection {
  return compileInbound(
    paperMesh({ workloads: [backend], services: [service], yaml: documents.join("---\n") }),
    backend,
  );
}

function sidecar(name: string, spec: string, namespace = "default"): string {
  return `apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: ${spec}\n`;
}

function rule(pool: string): string {
  return `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d}\nspec: {host: backend, trafficPolicy: {connectionPool: {http: ${pool}}}}\n`;
}

const ingress = `{ingress: [
  {port: {number: 8080, protocol: HTTP, name: http}, defaultEndpoint: '127.0.0.1:7777'},
  {port: {number: 7777, protocol: TCP, name: t}},
  {port: {number: 9000, name: o}, bind: 0.0.0.0, defaultEndpoint: 'unix:///x', connectionPool: {http: {http2MaxRequests: 2}}}],
  inboundConnectionPool: {http: {http2MaxRequests: 5}}}`;

/** A Sidecar that changes nothing; one without any setting is refused. */
const everything = "{egress: [{hosts: ['*/*']}]}";

describe("ports of a workload", () => {
  // recorded: inbound/ingress-listener, ingress-listener-podip
  it("a Sidecar's ingress replaces those of the services", () => {
    const { listeners } = inbound(sidecar("sc", ingress));
    expect(
      listeners.map(({ port, protocol, appPort, maxRequests, decorator, chains }) => [
        port,
        protocol,
        appPort,
        maxRequests,
        decorator,
        chains[0]?.name,
      ]),
    ).toEqual([
      [7777, "tcp", undefined, 5, "sc.default:7777/*", "10.244.0.3_7777"],
      [8080, "http", 7777, 5, "sc.default:8080/*", "10.244.0.3_8080"],
      [9000, "auto", 0, 2, "sc.default:9000/*", "0.0.0.0_9000"],
    ]);
  });

  // spec traffic 1.7.1
  it.each([
    [
      "one that selects it",
      [sidecar("general", everything), sidecar("own", "{workloadSelector: {labels: {app: backend}}, POOL}")],
      1,
    ],
    ["one that selects others", [sidecar("other", "{workloadSelector: {labels: {app: x}}, POOL}")], undefined],
    ["one without a selector", [sidecar("general", "{POOL}")], 1],
    ["one of the root namespace", [sidecar("root", "{POOL}", "istio-system")], 1],
    ["its own before the root's", [sidecar("root", "{POOL}", "istio-system"), sidecar("own", everything)], undefined],
    ["not one of another namespace", [sidecar("far", "{POOL}", "other")], undefined],
  ])("obeys %s", (_, documents, limit) => {
    const pool = "inboundConnectionPool: {http: {http2MaxRequests: 1}}";
    const section = inbound(...documents.map((text) => text.replace("POOL", pool)));
    expect(section.listeners[0]?.maxRequests).toBe(limit);
  });

  // spec traffic 3.3.12, 3.3.1; recorded: inbound/inbound-pool
  it("obeys the service's DestinationRule unless the Sidecar says otherwise; zero is nothing", () => {
    expect(inbound(rule("{http2MaxRequests: 3}")).listeners[0]?.maxRequests).toBe(3);
    expect(inbound(rule("{http2MaxRequests: 0}")).listeners[0]?.maxRequests).toBeUndefined();
    const both = [
      rule("{http2MaxRequests: 3}"),
      sidecar("s", "{inboundConnectionPool: {http: {http2MaxRequests: 4}}}"),
    ];
    expect(inbound(...both).listeners[0]?.maxRequests).toBe(4);
  });
});
