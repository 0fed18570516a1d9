import { describe, expect, it } from "vitest";
import { bindPeerAuthentication } from "../../../runtime/compile/peer-authentication.ts";
import { namedPorts, portMode, workloadMode } from "../../../runtime/policy/mtls-mode.ts";
import { paperMesh, paperWorkload } from "../../support/paper-mesh.ts";

interface Policy {
  readonly name: string;
  readonly namespace: string;
  readonly mode?: string;
  readonly app?: string;
  readonly ports?: Readonly<Record<number, string>>;
  readonly created?: string;
}

function levels(
  namespace: string,
  ...policies: readonly Policy[]
): ReturnType<ReturnType<typeof bindPeerAuthentication>> {
  const yaml = policies.map((policy) =>
    JSON.stringify({
      apiVersion: "security.istio.io/v1",
      kind: "PeerAuthentication",
      metadata: {
        name: policy.name,
        namespace: policy.namespace,
        ...(policy.created === undefined ? {} : { creationTimestamp: policy.created }),
      },
      spec: {
        ...(policy.app === undefined ? {} : { selector: { matchLabels: { app: policy.app } } }),
        ...(policy.mode === undefined ? {} : { mtls: { mode: policy.mode } }),
        ...(policy.ports === undefined
          ? {}
          : {
              portLevelMtls: Object.fromEntries(Object.entries(policy.ports).map(([port, mode]) => [port, { mode }])),
            }),
      },
    }),
  );
  const workload = paperWorkload("backend", "10.244.0.3", { namespace });
  return bindPeerAuthentication(paperMesh({ workloads: [workload], yaml: yaml.join("\n---\n") }))(workload);
}

const root = "istio-system";

describe("effective mTLS mode", () => {
  it.each([
    ["nothing", [], "PERMISSIVE"],
    ["mesh", [{ name: "a", namespace: root, mode: "STRICT" }], "STRICT"],
    [
      "namespace over mesh",
      [
        { name: "a", namespace: root, mode: "STRICT" },
        { name: "a", namespace: "default", mode: "DISABLE" },
      ],
      "DISABLE",
    ],
    [
      "UNSET keeps what is above",
      [
        { name: "a", namespace: root, mode: "STRICT" },
        { name: "a", namespace: "default", mode: "UNSET" },
      ],
      "STRICT",
    ],
    [
      "workload over namespace",
      [
        { name: "n", namespace: "default", mode: "DISABLE" },
        { name: "w", namespace: "default", app: "backend", mode: "STRICT" },
      ],
      "STRICT",
    ],
    [
      "a selector in the root namespace is ignored",
      [{ name: "a", namespace: root, app: "backend", mode: "STRICT" }],
      "PERMISSIVE",
    ],
    ["another workload's", [{ name: "w", namespace: "default", app: "frontend", mode: "STRICT" }], "PERMISSIVE"],
    ["another namespace's", [{ name: "w", namespace: "other", mode: "STRICT" }], "PERMISSIVE"],
    [
      "the oldest of a level wins",
      [
        { name: "a", namespace: "default", mode: "DISABLE", created: "2026-01-02T00:00:00Z" },
        { name: "b", namespace: "default", mode: "STRICT", created: "2026-01-01T00:00:00Z" },
      ],
      "STRICT",
    ],
    [
      "a tie goes by name",
      [
        { name: "b", namespace: "default", mode: "DISABLE" },
        { name: "a", namespace: "default", mode: "STRICT" },
      ],
      "STRICT",
    ],
  ] as const)("%s", (_name, policies, wanted) => {
    expect(workloadMode(levels("default", ...policies)).mode).toBe(wanted);
  });

  it("reads ports from the workload's own policy only, and falls back to its mode", () => {
    const found = levels(
      "default",
      { name: "n", namespace: "default", mode: "STRICT" },
      { name: "w", namespace: "default", app: "backend", ports: { 8080: "DISABLE", 9000: "UNSET" } },
    );
    expect([8080, 9000, 7000].map((port) => portMode(found, port).mode)).toEqual(["DISABLE", "STRICT", "STRICT"]);
    expect(namedPorts(found)).toEqual([8080, 9000]);
    expect(portMode(found, 8080).because).toMatchObject([
      { resource: "PeerAuthentication default/w", file: "mesh.yaml", line: 3, field: "spec.portLevelMtls.8080.mode" },
    ]);
  });

  it("in the root namespace knows only the mesh level", () => {
    const found = levels(
      root,
      { name: "m", namespace: root, mode: "STRICT" },
      { name: "w", namespace: root, app: "backend", mode: "DISABLE" },
    );
    expect(workloadMode(found).mode).toBe("STRICT");
  });
});
