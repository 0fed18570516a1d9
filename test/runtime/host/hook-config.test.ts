import { describe, expect, it } from "vitest";
import { buildHookConfig, type HookPlace } from "../../../runtime/host/hook-config.ts";
import { hookFile, programEnvironment } from "../../../runtime/host/program-environment.ts";
import type { Mesh, Service } from "../../../runtime/model/mesh.ts";
import { makeWorkload } from "../workload/workloads.ts";

function service(name: string, more: Partial<Service> = {}): Service {
  return {
    name,
    namespace: "default",
    hostname: `${name}.${more.namespace ?? "default"}.svc.cluster.local`,
    address: "10.96.0.1",
    externalName: undefined,
    ports: [{ name: "http", port: 80, target: 8080, protocol: "http" }],
    selector: { app: name },
    labels: {},
    annotations: {},
    ...more,
  };
}

const workloads = [
  makeWorkload("web", { address: "10.244.0.3" }),
  makeWorkload("web", { id: "web-2", name: "web-2", address: "10.244.0.4" }),
  makeWorkload("db", {
    namespace: "data",
    id: "db-1.data",
    address: "10.244.1.5",
    ports: [{ name: "tcp", port: 443 }],
  }),
  makeWorkload("out", { sidecar: false, address: "10.244.0.9" }),
];

const mesh = {
  services: [
    service("web"),
    service("db", { namespace: "data", address: "None" }),
    service("mail", { externalName: "SMTP.example.com" }),
    service("alias", { externalName: "web.default.svc.cluster.local" }),
    service("empty", { address: "10.96.0.2", selector: {} }),
  ],
  workloads,
} as unknown as Mesh;

const place: HookPlace = {
  outbound: (id) => `/s/o/${id}`,
  app: (id, port) => `/s/a/${id}-${port}`,
  socketAddress: (address, port) => ({
    host: address.replace("10.244", "127.244"),
    port: port < 1024 ? port + 10_000 : port,
  }),
  alias: 244,
};
const world = { ready: new Set(["web-2", "db-1.data"]) };
const [web, , db, outsider] = workloads;
if (web === undefined || db === undefined || outsider === undefined) throw new Error("workloads are missing");

describe("the hook's configuration", () => {
  it("a meshed program: its sidecar, its ports as Unix sockets, names of the whole mesh", () => {
    expect(buildHookConfig(mesh, world, web, place)).toEqual({
      version: 1,
      workload: "web-1",
      mode: "meshed",
      address: "10.244.0.3",
      outbound: "/s/o/web-1",
      dialFrom: "127.244.0.3",
      alias: 244,
      listen: { "8080": { kind: "unix", path: "/s/a/web-1-8080" } },
      clusterDomain: "cluster.local",
      search: ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"],
      names: {
        "web.default.svc.cluster.local": ["10.96.0.1"],
        "db.data.svc.cluster.local": ["10.244.1.5"],
        "db-1.db.data.svc.cluster.local": ["10.244.1.5"],
        "alias.default.svc.cluster.local": ["10.96.0.1"],
        "empty.default.svc.cluster.local": ["10.96.0.2"],
      },
      aliases: { "mail.default.svc.cluster.local": "smtp.example.com" },
      endpoints: {},
      virtual: ["10.96.", "10.244."],
    });
  });

  it("an outsider: no sidecar, its own address, sockets of ready endpoints", () => {
    const config = buildHookConfig(mesh, world, outsider, place);
    expect(config).toMatchObject({
      mode: "outsider",
      outbound: null,
      dialFrom: "127.244.0.9",
      listen: { "8080": { kind: "tcp", host: "127.244.0.9", port: 8080 } },
    });
    expect(config.endpoints).toEqual({
      "10.244.0.3:8080": [{ host: "127.244.0.3", port: 8080 }],
      "10.244.0.4:8080": [{ host: "127.244.0.4", port: 8080 }],
      "10.244.1.5:443": [{ host: "127.244.1.5", port: 10_443 }],
      "10.244.0.9:8080": [{ host: "127.244.0.9", port: 8080 }],
      "10.96.0.1:80": [{ host: "127.244.0.4", port: 8080 }],
      "10.96.0.2:80": [],
    });
  });

  it("without aliases the system chooses the source", () => {
    const config = buildHookConfig(mesh, world, outsider, {
      ...place,
      alias: undefined,
      socketAddress: () => undefined,
    });
    expect(config).toMatchObject({ dialFrom: null, alias: null, listen: {}, endpoints: { "10.96.0.1:80": [] } });
    expect(buildHookConfig(mesh, world, db, place).search[0]).toBe("data.svc.cluster.local");
  });
});

describe("a program's environment", () => {
  const captured = {
    session: "s1",
    workload: makeWorkload("web", { program: { env: { COLOR: "blue", NODE_OPTIONS: "--enable-source-maps" } } }),
    hookConfig: "/s/hook/x.json",
  };

  it("keeps the user's variables and NODE_OPTIONS, and adds the hook behind them", () => {
    const env = programEnvironment(captured, {
      PATH: "/bin",
      COLOR: "red",
      MESHDEV_HOOK: "/of/another/mesh",
      GONE: undefined,
    });
    expect(env).toMatchObject({
      PATH: "/bin",
      COLOR: "blue",
      PORT: "8080",
      MESHDEV_SESSION: "s1",
      MESHDEV_WORKLOAD: "web-1",
      MESHDEV_HOOK: "/s/hook/x.json",
    });
    expect(env["NODE_OPTIONS"]).toBe(`--enable-source-maps --require ${JSON.stringify(hookFile)}`);
    expect(Object.keys(env)).not.toContain("GONE");
  });

  it("has no PORT without a port", () => {
    const env = programEnvironment({ ...captured, workload: makeWorkload("job", { ports: [] }) }, {});
    expect(env).not.toHaveProperty("PORT");
    expect(env["NODE_OPTIONS"]).toBe(`--require ${JSON.stringify(hookFile)}`);
  });
});
