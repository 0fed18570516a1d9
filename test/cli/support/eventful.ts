import type { MeshEvent, TrafficCounted, UsageMeasured } from "../../../runtime/model/event.ts";
import { latencyBucket } from "../../../runtime/model/latency.ts";
import type { MeshState, TrafficCounts } from "../../../runtime/model/state.ts";
import {
  certificate,
  exchange,
  handshake,
  logged,
  meshState,
  minute,
  problem,
  refusal,
  startedAt,
  svid,
} from "./synthetic.ts";

/** A mesh with something to see in every view: a refused edit, a program that crashed, every kind of row. */

/** Milliseconds since the epoch, for whoever looks. */
export const eventfulNow = Date.parse(startedAt) + 70_000;

const rule = "ns[default]-policy[backend-allow]-rule[0]";
const [backend] = meshState().workloads.filter(({ id }) => id === "backend-1");

export function eventfulState(): MeshState {
  const usual = meshState();
  const warning = {
    code: "MD1011",
    severity: "warning",
    message: "the variable PORT is not set; it counts as empty",
    hint: "set PORT, or write ${PORT:-default}",
    at: { file: "meshdev.yaml", line: 31, column: 5 },
  } as const;
  return meshState({
    workloads: usual.workloads.map((workload) =>
      workload.id === "intruder-1"
        ? {
            ...workload,
            restarts: 3,
            state: {
              phase: "exited",
              code: 1,
              signal: null,
              restartAt: new Date(eventfulNow + 9_000).toISOString(),
              lastLines: ["Error: no answer", "    at main (intruder.js:12:9)"],
            },
          }
        : workload,
    ),
    resources: [
      ...usual.resources,
      {
        kind: "VirtualService",
        namespace: "default",
        name: "backend",
        file: "mesh/traffic.yaml",
        line: 1,
        selects: [],
        action: null,
        hosts: ["backend", "backend.default.svc.cluster.local"],
        rules: [],
      },
    ],
    problems: [problem, warning],
  });
}

function stamp(id: string, at: number): { readonly id: string; readonly at: string; readonly generation: number } {
  return { id, at: new Date(at).toISOString(), generation: 14 };
}

/** What happened before somebody looked, newest last: each list ends with the row that has most to tell. */
export function eventfulPast(): readonly MeshEvent[] {
  const { trustDomain, workloads, services, resources, missing } = eventfulState();
  const route = {
    resource: "VirtualService default/backend",
    file: "mesh/traffic.yaml",
    line: 12,
    column: 5,
    field: "spec.http[0]",
  };
  const chain = [{ subject: "CN=Intermediate", serial: "77", notAfter: "2030-01-01T00:00:00.000Z" }];
  return [
    {
      type: "mesh.loaded",
      ...stamp("e-1", Date.parse(startedAt)),
      changes: ["AuthorizationPolicy default/backend-allow changed", "VirtualService default/backend added"],
      differences: [
        {
          resource: "AuthorizationPolicy default/backend-allow",
          field: "spec.rules[0].to[0].operation.methods",
          before: '["GET","POST"]',
          after: '["GET"]',
        },
      ],
      problems: [],
      view: { trustDomain, workloads, services, resources, missing },
    },
    svid("backend", 0, { type: "svid.issued" }),
    ...minute(),
    exchange(60, { path: "/menü/日本語/👍", method: "POST", requestId: "q-1" }),
    logged(60, `served ${"a long line ".repeat(20)}`),
    exchange(61, {
      proxy: "frontend-1",
      side: "outbound",
      decision: null,
      route: "retries",
      routeAt: route,
      attempts: 2,
      requestId: "q-2",
    }),
    svid("backend", 61),
    handshake(62, { peer: { ...certificate("frontend"), chain } }),
    { type: "mesh.rejected", ...stamp("e-2", Date.parse(startedAt) + 63_000), problems: [problem] },
    refusal(64),
  ];
}

function counted(secondsAgo: number, counts: Partial<TrafficCounts>): TrafficCounted {
  const traffic = { ...(backend?.traffic ?? meshState().counts), ...counts };
  return {
    type: "traffic.counted",
    ...stamp(`c-${secondsAgo}`, eventfulNow - secondsAgo * 1000),
    counts: { "backend-1": traffic },
  };
}

function measured(secondsAgo: number, cpuSeconds: number): UsageMeasured {
  const usage = { "backend-1": { rssBytes: 50 * 1_048_576, cpuSeconds } };
  return { type: "usage.measured", ...stamp(`u-${secondsAgo}`, eventfulNow - secondsAgo * 1000), usage };
}

/** What is told from then on: how the backend does. */
export function eventfulPresent(): readonly MeshEvent[] {
  const latency = { [latencyBucket(1)]: 98, [latencyBucket(80)]: 2 };
  return [
    counted(61, {}),
    counted(12, { requests: 102 }),
    measured(3, 1),
    measured(1, 1.5),
    counted(1, { requests: 152, allowed: 140, errors: 2, latency, rules: { [rule]: 140, none: 12 } }),
  ];
}
