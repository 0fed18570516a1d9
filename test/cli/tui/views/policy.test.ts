import { describe, expect, it } from "vitest";
import type { MeshEvent } from "../../../../runtime/model/event.ts";
import { meshState, startedAt } from "../../support/synthetic.ts";
import { play, stage } from "../../support/stage.ts";

const rule = "ns[default]-policy[backend-allow]-rule[0]";

function decided() {
  const state = meshState();
  const rules = { [rule]: 40, none: 12 };
  return {
    ...state,
    counts: { ...state.counts, rules },
    workloads: state.workloads.map((workload) =>
      workload.id === "backend-1" ? { ...workload, traffic: { ...workload.traffic, rules } } : workload,
    ),
  };
}

function loaded(more: Partial<Extract<MeshEvent, { type: "mesh.loaded" }>>): MeshEvent {
  const { trustDomain, workloads, services, resources, missing } = meshState();
  return {
    type: "mesh.loaded",
    id: "e-1",
    at: startedAt,
    generation: 15,
    changes: ["AuthorizationPolicy default/backend-allow changed", "PeerAuthentication default/new added"],
    differences: [],
    problems: [],
    view: { trustDomain, workloads, services, resources, missing },
    ...more,
  };
}

describe("the policy view", () => {
  it("says what each resource does, for whom, and how often it decided", () => {
    const { feed, show, type } = stage({ columns: 110, rows: 40 });
    play(feed, [], decided());
    type("4");
    expect(show()).toMatch(/▶ AuthorizationPolicy +default\/backend-allow +ALLOW +backend-1 +40 mesh\/authz.yaml:1/);
    expect(show()).toMatch(/ {2}PeerAuthentication +default\/backend +STRICT +backend-1 +- mesh\/peer.yaml:1/);
  });

  it("names the hosts of what selects no workload", () => {
    const { feed, show, type } = stage({ columns: 110, rows: 40 });
    const state = decided();
    const route = { kind: "VirtualService", namespace: "default", name: "split", file: "mesh/t.yaml", line: 3 };
    const hosts = ["backend", "*.shop"];
    play(feed, [], { ...state, resources: [{ ...route, selects: [], action: null, hosts, rules: [] }] });
    type("4");
    expect(show()).toMatch(/VirtualService +default\/split +- +backend, \*\.shop +- mesh\/t\.yaml:3/);
    expect(show()).toContain("hosts    backend, *.shop");
  });

  it("counts decisions by rule, and refusals that no rule prevented", () => {
    const { feed, show, type } = stage({ columns: 110, rows: 40 });
    play(feed, [], decided());
    type("4");
    expect(show()).toContain(
      "40 rule 0 from principals [cluster.local/ns/default/sa/frontend] to methods [GET] mesh/authz.yaml:12",
    );
    expect(show()).toContain("12 refused by backend-1: no rule of any ALLOW policy matched");
  });

  it("tells the last generations with what they changed, field by field", () => {
    const { feed, show, type } = stage({ columns: 110, rows: 40 });
    const difference = {
      resource: "AuthorizationPolicy default/backend-allow",
      field: "spec.rules[0].to[0].operation.methods",
      before: '["GET"]',
      after: null,
    };
    play(feed, [loaded({ differences: [difference] })], decided());
    type("4");
    expect(show()).toContain('default/backend-allow spec.rules[0].to[0].operation.methods: ["GET"] → removed');
    expect(show()).toContain("      PeerAuthentication default/new added");
  });

  it("says how much more an enormous edit changed", () => {
    const { feed, show, type } = stage({ columns: 110, rows: 60 });
    play(feed, [loaded({ changes: Array.from({ length: 30 }, (_, at) => `Service default/s${at} added`) })], decided());
    type("4");
    expect(show()).toContain("Service default/s12 added");
    expect(show()).not.toContain("Service default/s13 added");
    expect(show()).toContain("and 17 lines more");
  });
});
