import { describe, expect, it } from "vitest";
import { latencyBucket } from "../../../runtime/model/latency.ts";
import type { PolicySet } from "../../../runtime/model/policy.ts";
import { bindPolicies } from "../../../runtime/policy/decide.ts";
import { createMeter } from "../../../runtime/proxy/meter.ts";
import { tcpFacts } from "../../../runtime/traffic/facts.ts";

const place = { resource: "AuthorizationPolicy default/all", file: "a.yaml", line: 1, column: 1, field: "spec" };
const rule = { provenance: place, from: [], to: [], when: [], dropped: undefined };
const set: PolicySet = {
  layer: "tcp",
  policies: [
    {
      id: "ns[default]-policy[all]",
      action: "ALLOW",
      dryRun: false,
      from: place,
      rules: [
        { ...rule, index: 0, dropped: "needs HTTP" },
        { ...rule, index: 3 },
      ],
    },
  ],
};
const facts = tcpFacts({
  peer: undefined,
  sourceIp: "10.0.0.1",
  destinationIp: "10.0.0.2",
  destinationPort: 80,
  sni: undefined,
});

describe("the meter of a sidecar", () => {
  it("counts decisions by the rule that made them, under the number that the document gives it", () => {
    const meter = createMeter();
    const decide = bindPolicies(set);
    for (let i = 0; i < 3; i++) meter.decided(set, decide(facts));
    // The same policies, bound again by a later generation.
    meter.decided(set, bindPolicies(set)(facts));
    expect(meter.read().rules).toEqual({ "ns[default]-policy[all]-rule[3]": 4 });
  });

  it("tells apart what no rule allowed from what nobody had an opinion about", () => {
    const meter = createMeter();
    meter.decided(set, { verdict: "deny", reason: "no-allow-matched", by: undefined });
    meter.decided(set, { verdict: "allow", reason: "no-policy", by: undefined });
    meter.decided(set, { verdict: "deny", reason: "matched", by: { policy: 7, rule: 0 } });
    expect(meter.read().rules).toEqual({ none: 1 });
  });

  it("measures what was asked of its workload, and not what its workload asks", () => {
    const meter = createMeter();
    const told = { decision: undefined, section: undefined };
    meter.exchanged({ ...told, side: "outbound", status: 503, totalMs: 4 });
    meter.exchanged({ ...told, side: "inbound", status: 200, totalMs: 4 });
    meter.exchanged({ ...told, side: "inbound", status: 403, totalMs: 4 });
    meter.exchanged({ ...told, side: "inbound", status: 503, totalMs: 90 });
    meter.exchanged({ ...told, side: "inbound", status: 0, totalMs: 90 });
    expect(meter.read()).toMatchObject({ errors: 2, latency: { [latencyBucket(4)]: 2, [latencyBucket(90)]: 2 } });
  });
});
