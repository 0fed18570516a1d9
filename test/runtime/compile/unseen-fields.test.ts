import { expect, it } from "vitest";
import { compile } from "../../../runtime/compile/compile.ts";
import type { ProxySnapshot } from "../../../runtime/model/snapshot.ts";
import { smallMesh } from "../../support/paper-mesh.ts";

// Fields whose effect no recorded answer shows.

function snapshotOf(proxy: string, yaml: string, meshConfig: Readonly<Record<string, unknown>> = {}): ProxySnapshot {
  const mesh = smallMesh(yaml, meshConfig);
  const snapshot = compile(mesh, { ready: new Set(mesh.workloads.map(({ id }) => id)) }).get(proxy);
  if (snapshot === undefined) throw new Error(`no sidecar ${proxy}`);
  return snapshot;
}

const sidecar = (spec: string): string =>
  `apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: s}\nspec: ${spec}\n`;

it.each([
  ["{inboundConnectionPool: {http: {maxRetries: 1}}}", "http1"],
  ["{inboundConnectionPool: {http: {useClientProtocol: true}}}", "downstream"],
  [
    "{ingress: [{port: {number: 8080, protocol: HTTP, name: h}, defaultEndpoint: '127.0.0.1:8080', connectionPool: {http: {useClientProtocol: true}}}]}",
    "downstream",
  ],
])("the application is spoken to as a Sidecar says: %s", (spec, http) => {
  expect(snapshotOf("backend", sidecar(spec)).inbound.listeners[0]?.http).toBe(http);
});

it("routes without retries of their own take the mesh's", () => {
  const defaultHttpRetryPolicy = { attempts: 4, perTryTimeout: "2s", backoff: "7ms", retryOn: "5xx" };
  const { routes } = snapshotOf("frontend", "", { defaultHttpRetryPolicy }).outbound;
  const retries = Object.values(routes).flatMap(({ virtualHosts }) => virtualHosts.flatMap((host) => host.routes));
  expect(retries[0]?.retry).toMatchObject({ attempts: 4, perTryTimeoutMs: 2000, backoffMs: 7, on: ["5xx"] });
});
