import type { MeshState, MeshView, ResourceUsage, TrafficCounts } from "../model/state.ts";

export const noTraffic: TrafficCounts = {
  requests: 0,
  allowed: 0,
  denied: 0,
  failed: 0,
  handshakes: 0,
  handshakesFailed: 0,
  errors: 0,
  latency: {},
  rules: {},
};

export const noUsage: ResourceUsage = { rssBytes: null, cpuSeconds: null };

export const noView: MeshView = {
  trustDomain: "cluster.local",
  workloads: [],
  services: [],
  resources: [],
  missing: [],
};

/** The state before anything was loaded: generation 0. */
export function initialState(about: {
  readonly mesh: string;
  readonly directory: string;
  readonly startedAt: string;
  readonly capture: string;
}): MeshState {
  return {
    schemaVersion: 1,
    mesh: about.mesh,
    directory: about.directory,
    startedAt: about.startedAt,
    trustDomain: noView.trustDomain,
    generation: { number: 0, live: 0, total: 0, waiting: [], ms: null, at: about.startedAt, changes: [] },
    workloads: [],
    services: [],
    resources: [],
    problems: [],
    missing: [],
    counts: noTraffic,
    dataPlane: { pid: null, restarts: 0, reason: null },
    capture: about.capture,
  };
}
