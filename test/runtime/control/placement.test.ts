import { describe, expect, it } from "vitest";
import { claimAliasRange } from "../../../runtime/control/alias-range.ts";
import { claimMachineAddresses } from "../../../runtime/control/machine-address.ts";
import { callerNames, placeSidecar, socketAddress, tableFor } from "../../../runtime/control/placement.ts";
import { findWorkloads, leaseWorkload, selectWorkloads, unknownServices } from "../../../runtime/control/selection.ts";
import type { Mesh, Workload } from "../../../runtime/model/mesh.ts";
import { resolveMeshConfig } from "../../../runtime/config/mesh-config.ts";

function workload(name: string, about: Partial<Workload> = {}): Workload {
  return {
    id: `${name}-1`,
    service: name,
    name: `${name}-1`,
    namespace: "default",
    serviceAccount: name,
    trustDomain: undefined,
    labels: { app: name },
    annotations: {},
    sidecar: true,
    address: `10.244.0.${name.length}`,
    program: undefined,
    ports: [{ name: "http", port: 8080 }],
    publish: [],
    at: undefined,
    ...about,
  };
}

const needs = (...services: readonly string[]): Workload["program"] => ({
  command: "x",
  cwd: "/",
  env: {},
  needs: services,
  ready: { kind: "ports" },
});

const paths = {
  outbound: (id: string) => `/o/${id}`,
  app: (id: string, port: number) => `/a/${id}-${port}`,
  podSocket: (id: string, name: string) => `/c/${id}/${name}`,
};

describe("placements", () => {
  it("of pods listen on host ports alone, and find the program where the model says", () => {
    const pods = { kind: "pods", second: 244, outsiders: [] } as const;
    const web = workload("web", { publish: [{ hostPort: 3000, port: 80 }], program: needs() });
    expect(placeSidecar(web, pods, paths, new Set([8080]))).toEqual({
      proxy: "web-1",
      inbound: [
        { port: 80, host: "127.0.0.1", listen: 3000 },
        { port: 80, host: "::1", listen: 3000 },
      ],
      app: {},
      appHost: "10.244.0.3",
      outbound: "\0meshdev/web-1",
      dialFrom: "127.244.0.3",
    });
    expect(placeSidecar(workload("web"), pods, paths, new Set()).outbound).toBe("/o/web-1");
    expect(socketAddress(pods, "10.244.0.3", 80)).toEqual({ host: "127.244.0.3", port: 80 });
  });

  it("listen on the session's alias, low ports shifted, and on published ports of both families", () => {
    const web = workload("web", {
      ports: [
        { name: "http", port: 80 },
        { name: "admin", port: 9000 },
      ],
      publish: [{ hostPort: 3000, port: 80 }],
    });
    expect(placeSidecar(web, { kind: "alias", second: 245 }, paths, new Set())).toEqual({
      proxy: "web-1",
      inbound: [
        { port: 80, host: "127.245.0.3", listen: 10_080 },
        { port: 9000, host: "127.245.0.3", listen: 9000 },
        { port: 80, host: "127.0.0.1", listen: 3000 },
        { port: 80, host: "::1", listen: 3000 },
      ],
      app: { "80": { kind: "unix", path: "/a/web-1-80" }, "9000": { kind: "unix", path: "/a/web-1-9000" } },
      appHost: "127.0.0.1",
      outbound: "/o/web-1",
      dialFrom: "127.245.0.3",
    });
  });

  it("dial a port in the open on TCP, when the program was seen to listen there", () => {
    expect(placeSidecar(workload("web"), { kind: "alias", second: 244 }, paths, new Set([8080])).app).toEqual({});
  });

  it("without aliases give every port one of 127.0.0.1, and leave those that have one alone", () => {
    let next = 40_000;
    const first = tableFor([workload("a")], undefined, () => next++);
    const second = tableFor([workload("bb"), workload("a")], first, () => next++);
    expect(socketAddress(first, "10.244.0.1", 8080)).toEqual({ host: "127.0.0.1", port: 40_000 });
    expect(socketAddress(second, "10.244.0.1", 8080)).toEqual({ host: "127.0.0.1", port: 40_000 });
    expect(socketAddress(second, "10.244.0.2", 8080)).toEqual({ host: "127.0.0.1", port: 40_001 });
    expect(socketAddress(second, "10.244.0.9", 8080)).toBeUndefined();
    const placed = placeSidecar(workload("zzz"), second, paths, new Set());
    expect(placed.inbound).toEqual([]);
    expect(placed.dialFrom).toBeUndefined();
  });

  it("name callers by their address", () => {
    expect(callerNames([workload("a"), workload("bb")])).toEqual({ "10.244.0.1": "a-1", "10.244.0.2": "bb-1" });
  });

  it("on other systems than Linux come from a table of free ports", async () => {
    const machine = await claimMachineAddresses("darwin");
    expect(machine.second).toBeUndefined();
    const map = machine.mapFor([workload("a")]);
    expect(socketAddress(map, "10.244.0.1", 8080)).toMatchObject({ host: "127.0.0.1", port: expect.any(Number) });
    expect(machine.mapFor([workload("a")])).toEqual(map);
    machine.release();
  });

  it.skipIf(process.platform !== "linux")("take a range that nobody else has, and give it back", async () => {
    const one = await claimAliasRange();
    const two = await claimAliasRange();
    expect(one?.second).toBeGreaterThanOrEqual(128);
    expect(two?.second).not.toBe(one?.second);
    one?.release();
    two?.release();
  });
});

describe("the selection of workloads", () => {
  const config = resolveMeshConfig({}).value;
  if (config === undefined) throw new Error("no default configuration");
  const mesh: Mesh = {
    name: "m",
    config,
    features: {},
    namespaces: [],
    services: [],
    policies: {
      peerAuthentications: [],
      authorizationPolicies: [],
      destinationRules: [],
      virtualServices: [],
      sidecars: [],
    },
    credentials: { secrets: [], configMaps: [], readers: [] },
    others: [],
    workloads: [
      workload("web", { program: needs("api") }),
      workload("api", { program: needs("db") }),
      workload("db", { program: needs("api") }),
      workload("other"),
    ],
  };

  it("is all, or the named ones with what they need, rings included", () => {
    expect([...selectWorkloads(mesh, [], false)]).toHaveLength(4);
    expect([...selectWorkloads(mesh, ["web"], false)].toSorted()).toEqual(["api-1", "db-1", "web-1"]);
    expect([...selectWorkloads(mesh, ["web"], true)]).toEqual(["web-1"]);
    expect(unknownServices(mesh, ["web", "nobody"])).toEqual(["nobody"]);
  });

  it("finds a service's workloads by key, and one by its id", () => {
    expect(findWorkloads(mesh, "api").map(({ id }) => id)).toEqual(["api-1"]);
    expect(findWorkloads(mesh, "api-1").map(({ id }) => id)).toEqual(["api-1"]);
    expect(findWorkloads(mesh, "ap")).toEqual([]);
  });

  it("lends the identity of a workload, but neither its program nor its ports nor its address", () => {
    const shop = workload("web", {
      id: "web-1.shop",
      namespace: "shop",
      publish: [{ hostPort: 1, port: 1 }],
      program: needs(),
    });
    const lease = leaseWorkload(shop, 2, new Set(["10.244.255.1"]));
    expect(lease).toMatchObject({
      id: "web#exec-2.shop",
      serviceAccount: "web",
      labels: { app: "web" },
      namespace: "shop",
      ports: [],
      publish: [],
      address: "10.244.255.2",
    });
    expect(lease.program).toBeUndefined();
  });
});
