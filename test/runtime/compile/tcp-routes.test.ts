import { describe, expect, it } from "vitest";
import { indexMesh } from "../../../runtime/compile/mesh-index.ts";
import { compileOutbound } from "../../../runtime/compile/outbound.ts";
import type { VirtualServiceSpec } from "../../../runtime/model/istio-networking.ts";
import type { PortProtocol } from "../../../runtime/model/mesh.ts";
import { mesh, port, service, workload } from "./small-mesh.ts";

const client = workload("frontend", { labels: { app: "frontend" } });

type Told = readonly [names: string | undefined, subnets: string | undefined, clusters: string];

/** Routes of the listener on one port of `backend`, and whether the service itself is left. */
function told(
  protocol: PortProtocol,
  spec: VirtualServiceSpec,
  number = 9000,
): readonly [readonly Told[], boolean] | undefined {
  const whole = mesh({
    workloads: [client],
    services: [
      service("backend", [port(9000, protocol), port(9001, protocol)]),
      service("second", [port(7000, "tcp")], { address: "10.96.0.11" }),
    ],
    virtualServices: [{ name: "v", spec: { hosts: ["backend"], ...spec } }],
  });
  const { listeners } = compileOutbound(indexMesh(whole, { ready: new Set() }), client);
  const tcp = listeners.find((listener) => listener.port === number)?.tcp;
  return tcp === undefined
    ? undefined
    : [
        tcp.routes.map((route) => [
          route.serverNames?.join(" "),
          route.subnets?.join(" "),
          route.clusters
            .map(({ cluster, weight }) => `${cluster.replace(".default.svc.cluster.local", "")}=${weight}`)
            .join(" "),
        ]),
        tcp.hasFallback,
      ];
}

const to = (
  host: string,
  parts: { readonly subset?: string; readonly port?: number } = {},
): {
  readonly destination: {
    readonly host: string;
    readonly subset?: string;
    readonly port?: { readonly number: number };
  };
} => ({
  destination: {
    host,
    ...(parts.subset === undefined ? {} : { subset: parts.subset }),
    ...(parts.port === undefined ? {} : { port: { number: parts.port } }),
  },
});

describe("tcp rules", () => {
  // recorded: tcp-tls-routing/vs-*
  it("the first rule that always holds ends the search", () => {
    const spec = { tcp: [{ route: [to("backend", { subset: "v1" })] }, { route: [to("second")] }] };
    expect(told("tcp", spec)).toEqual([[[undefined, undefined, "outbound|9000|v1|backend=0"]], false]);
  });

  it("a destination without a port takes its service's only one, else the listener's", () => {
    expect(told("tcp", { tcp: [{ route: [to("second")] }] })?.[0][0]?.[2]).toBe("outbound|7000||second=0");
    expect(told("tcp", { tcp: [{ route: [to("backend")] }] }, 9001)?.[0][0]?.[2]).toBe("outbound|9001||backend=0");
  });

  it("weights of zero are left out where there are several", () => {
    const spec = {
      tcp: [
        {
          route: [
            { ...to("second"), weight: 0 },
            { ...to("backend", { port: 1 }), weight: 100 },
          ],
        },
      ],
    };
    expect(told("tcp", spec)?.[0][0]?.[2]).toBe("outbound|1||backend=100");
  });

  it("ports, labels, namespaces and gateways are decided here; rules with subnets leave the service", () => {
    const route = [to("second")];
    const never = [{ port: 1 }, { sourceLabels: { app: "x" } }, { sourceNamespace: "other" }, { gateways: ["g"] }];
    expect(told("tcp", { tcp: never.map((match) => ({ match: [match], route })) })).toBeUndefined();
    const match = [{ destinationSubnets: ["10.0.0.0/8"], sourceLabels: { app: "frontend" } }, { port: 1 }];
    expect(told("tcp", { tcp: [{ match, route }] })).toEqual([
      [[undefined, "10.0.0.0/8", "outbound|7000||second=0"]],
      true,
    ]);
    const either = [{ destinationSubnets: ["10.0.0.0/8"] }, { port: 9000 }];
    expect(told("tcp", { tcp: [{ match: either, route }] })).toEqual([
      [[undefined, undefined, "outbound|7000||second=0"]],
      false,
    ]);
  });
});

describe("tls rules", () => {
  const tls = [{ match: [{ sniHosts: ["Backend"], port: 9000 }], route: [to("second")] }];
  const tcp = [{ route: [to("backend", { subset: "v9" })] }];

  // recorded: tcp-tls-routing/tls-rules-on-tcp-port; errata traffic A8
  it.each([
    ["tls", [[["backend", undefined, "outbound|7000||second=0"]], false]],
    ["https", [[["backend", undefined, "outbound|7000||second=0"]], false]],
    ["tcp", [[[undefined, undefined, "outbound|9000|v9|backend=0"]], false]],
    ["auto", [[[undefined, undefined, "outbound|9000|v9|backend=0"]], false]],
  ] as const)("on a port of %s", (protocol, expected) => {
    expect(told(protocol, { tls, tcp })).toEqual(expected);
  });

  it("that hold nowhere leave the service, of equal ones the first counts, and * is every name", () => {
    expect(told("tls", { tls }, 9001)).toBeUndefined();
    const twice = [
      { match: [{ sniHosts: ["a"] }, { sniHosts: ["*"] }], route: [to("second")] },
      { match: [{ sniHosts: ["a"] }], route: [to("backend")] },
    ];
    expect(told("tls", { tls: twice })?.[0].map(([names]) => names)).toEqual(["a", undefined]);
  });
});
