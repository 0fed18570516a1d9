import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MeshEvent } from "../../../runtime/model/event.ts";
import type { MeshState, MeshView, WorkloadState, WorkloadView } from "../../../runtime/model/state.ts";
import { initialState, noTraffic, noUsage } from "../../../runtime/store/initial-state.ts";
import { reduce } from "../../../runtime/store/reduce.ts";
import { exchange, logged } from "./events.ts";

const at = "2026-01-01T00:00:00.000Z";
const start = initialState({ mesh: "demo", directory: "/demo", startedAt: at, capture: "node hook" });

function workload(id: string, sidecar = true): WorkloadView {
  const service = id.replace(/-\d+$/, "");
  return {
    id,
    service,
    namespace: "default",
    identity: `spiffe://cluster.local/ns/default/sa/${service}`,
    address: "10.244.0.1",
    sidecar,
    state: { phase: "stopped" },
    restarts: 0,
    ports: [8080],
    published: [],
    acked: null,
    certificate: null,
    rotateAt: null,
    mtls: { "8080": "STRICT" },
    traffic: noTraffic,
    resources: noUsage,
  };
}

function view(workloads: readonly WorkloadView[]): MeshView {
  return {
    trustDomain: "cluster.local",
    workloads,
    services: [
      {
        hostname: "backend.default.svc.cluster.local",
        address: "10.96.0.1",
        ports: [],
        members: ["backend-1", "backend-2"],
        endpoints: [],
      },
    ],
    resources: [],
    missing: [],
  };
}

const stamp = (id: string, generation = 1) => ({ id, at, generation });

function loaded(
  generation: number,
  workloads = [workload("frontend-1"), workload("backend-1"), workload("outsider-1", false)],
): MeshEvent {
  return {
    type: "mesh.loaded",
    ...stamp(`e-load-${generation}`, generation),
    changes: [`generation ${generation}`],
    differences: [],
    problems: [],
    view: view(workloads),
  };
}

const changed = (id: string, state: WorkloadState): MeshEvent => ({
  type: "workload.changed",
  ...stamp(`e-${id}-${state.phase}`),
  workload: id,
  state,
});
const ready = (id: string): MeshEvent => changed(id, { phase: "ready", pid: 7 });

function fold(...events: readonly MeshEvent[]): MeshState {
  return events.reduce(reduce, start);
}

const find = (state: MeshState, id: string): WorkloadView | undefined => state.workloads.find((each) => each.id === id);

describe("reduce", () => {
  it("a generation is live nowhere until it is acknowledged", () => {
    expect(fold(loaded(1)).generation).toMatchObject({ number: 1, live: 0, total: 2, ms: null });
    const applied = fold(loaded(1), {
      type: "snapshot.applied",
      ...stamp("a"),
      live: 1,
      total: 2,
      ms: 21,
      waiting: ["backend-1"],
    });
    expect(applied.generation).toMatchObject({ live: 1, total: 2, waiting: ["backend-1"], ms: 21 });
    expect(find(applied, "frontend-1")?.acked).toBe(1);
    expect(find(applied, "backend-1")?.acked).toBeNull();
    expect(find(applied, "outsider-1")?.acked).toBeNull();
  });

  it("a late report of an older generation changes nothing", () => {
    const state = fold(loaded(1), loaded(2));
    expect(reduce(state, { type: "snapshot.applied", ...stamp("a", 1), live: 2, total: 2, ms: 5, waiting: [] })).toBe(
      state,
    );
  });

  it("what a save flips is counted with its generation, and goes with it", () => {
    const compared = (generation: number): MeshEvent => ({
      type: "save.compared",
      ...stamp(`f-${generation}`, generation),
      comparison: {
        before: generation - 1,
        after: generation,
        since: null,
        compared: 412,
        flipped: 3,
        excluded: [
          { reason: "a", calls: 2, ids: [] },
          { reason: "b", calls: 5, ids: [] },
        ],
        flips: [],
        omitted: 0,
        omittedIds: [],
      },
    });
    const state = fold(loaded(1), loaded(2), compared(2));
    expect(state.generation.flips).toEqual({ compared: 412, flipped: 3, excluded: 7 });
    expect(reduce(state, compared(1))).toBe(state);
    expect(reduce(state, loaded(3)).generation).not.toHaveProperty("flips");
  });

  it("a load keeps what lives: state, restarts, certificate, counts", () => {
    const before = fold(loaded(1), ready("backend-1"), {
      type: "traffic.counted",
      ...stamp("t"),
      counts: { "backend-1": { ...noTraffic, requests: 3 } },
    });
    const after = reduce(before, loaded(2, [workload("backend-1"), workload("new-1")]));
    expect(find(after, "backend-1")).toBe(find(before, "backend-1"));
    expect(find(after, "new-1")?.state).toEqual({ phase: "stopped" });
    expect(find(after, "frontend-1")).toBeUndefined();
  });

  it("a certificate of another identity is not kept", () => {
    const certificate = {
      spiffe: "spiffe://a",
      sans: [],
      serial: "1",
      issuer: "",
      notBefore: at,
      notAfter: at,
      sha256: "",
      chain: [],
    };
    const before = fold(loaded(1), {
      type: "svid.issued",
      ...stamp("s"),
      proxy: "backend-1",
      certificate,
      rotateAt: at,
    });
    expect(find(before, "backend-1")?.rotateAt).toBe(at);
    expect(find(before, "backend-1")?.certificate).toEqual(certificate);
    const renamed = { ...workload("backend-1"), identity: "spiffe://cluster.local/ns/default/sa/other" };
    expect(find(reduce(before, loaded(2, [renamed])), "backend-1")?.certificate).toBeNull();
  });

  it("the endpoints of a service are its ready members", () => {
    const state = fold(loaded(1), ready("backend-1"), ready("frontend-1"));
    expect(state.services[0]?.endpoints).toEqual(["backend-1"]);
    expect(
      reduce(state, changed("backend-1", { phase: "unready", pid: 7, reason: "x" })).services[0]?.endpoints,
    ).toEqual([]);
  });

  it("a start after an exit is a restart, the first start is none", () => {
    const exited: WorkloadState = { phase: "exited", code: 1, signal: null, restartAt: at, lastLines: [] };
    const first = fold(loaded(1), changed("backend-1", { phase: "starting", pid: 1 }));
    expect(find(first, "backend-1")?.restarts).toBe(0);
    const again = [changed("backend-1", exited), changed("backend-1", { phase: "starting", pid: 2 })].reduce(
      reduce,
      first,
    );
    expect(find(again, "backend-1")?.restarts).toBe(1);
  });

  it("a lost data plane counts once, however often it is told", () => {
    const lost: MeshEvent = { type: "dataplane.lost", ...stamp("d"), pid: 9, reason: "was killed by SIGKILL" };
    const state = fold({ type: "dataplane.started", ...stamp("d0"), pid: 9, reason: null }, lost, lost);
    expect(state.dataPlane).toEqual({ pid: null, restarts: 1, reason: "was killed by SIGKILL" });
  });

  it("totals are the sum over proxies", () => {
    const counts = {
      "backend-1": { ...noTraffic, requests: 2, denied: 1 },
      "frontend-1": { ...noTraffic, requests: 5 },
    };
    const state = fold(loaded(1), { type: "traffic.counted", ...stamp("t"), counts });
    expect(state.counts).toMatchObject({ requests: 7, denied: 1 });
    expect(find(state, "backend-1")?.traffic.requests).toBe(2);
  });

  it("a replayed event is for lists only", () => {
    const state = fold(loaded(1));
    expect(reduce(state, { ...ready("backend-1"), replayed: true })).toBe(state);
  });

  it("traffic, logs and losses leave the very same state", () => {
    const state = fold(loaded(1));
    expect(reduce(state, exchange({ from: "frontend-1", to: "backend-1" }))).toBe(state);
    expect(reduce(state, logged("backend-1", "x"))).toBe(state);
    expect(reduce(state, { type: "events.dropped", count: 3 })).toBe(state);
  });

  const anyEvent: fc.Arbitrary<MeshEvent> = fc.oneof(
    fc.integer({ min: 1, max: 4 }).map((generation) => loaded(generation)),
    fc.constantFrom("frontend-1", "backend-1", "outsider-1").map(ready),
    fc
      .constantFrom("frontend-1", "backend-1")
      .map((id) => changed(id, { phase: "exited", code: 1, signal: null, restartAt: null, lastLines: [] })),
    fc.constantFrom("frontend-1", "backend-1").map((id) => changed(id, { phase: "starting", pid: 3 })),
    fc
      .record({ generation: fc.integer({ min: 1, max: 4 }), live: fc.integer({ min: 0, max: 2 }) })
      .map(({ generation, live }): MeshEvent => ({
        type: "snapshot.applied",
        ...stamp("a", generation),
        live,
        total: 2,
        ms: 1,
        waiting: live === 2 ? [] : ["backend-1"],
      })),
    fc
      .constantFrom("dataplane.started" as const, "dataplane.lost" as const)
      .map((type): MeshEvent => ({ type, ...stamp("d"), pid: 9, reason: null })),
    fc.constantFrom("frontend-1", "backend-1").map((workload): MeshEvent => ({
      type: "usage.measured",
      ...stamp("u"),
      usage: { [workload]: { rssBytes: 5, cpuSeconds: 1 } },
    })),
    fc.constant<MeshEvent>({
      type: "mesh.rejected",
      ...stamp("r"),
      problems: [{ code: "MD1001", severity: "error", message: "x" }],
    }),
  );

  it("the same event twice is the same as once, and gives the very same object", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), anyEvent, (past, event) => {
        const once = reduce(past.reduce(reduce, start), event);
        expect(reduce(once, event)).toBe(once);
      }),
    );
  });

  it("never changes a state it was given", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 20 }), anyEvent, (past, event) => {
        const state = past.reduce(reduce, start);
        const copy = structuredClone(state);
        reduce(state, event);
        expect(state).toEqual(copy);
      }),
    );
  });
});
