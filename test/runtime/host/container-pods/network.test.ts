import { describe, expect, it } from "vitest";
import { addPorts, hostsText, podRules } from "../../../../runtime/host/container-pods/network.ts";
import { createPortPlan } from "../../../../runtime/host/container-pods/relay-plan.ts";
import type { HookConfig } from "../../../../runtime/host/hook-config.ts";

describe("the network of a container pod", () => {
  it("leads every port of the mesh to a port of the relay that stays the same, and refuses all others", () => {
    const ports = createPortPlan();
    expect(ports.plan([8080, 80, 8080, 0], [8080])).toEqual({
      outbound: [
        { port: 8080, listen: 15_101 },
        { port: 80, listen: 15_102 },
      ],
      inbound: [8080],
    });
    const plan = ports.plan([443, 80], []);
    expect(plan.outbound.map(({ listen }) => listen)).toEqual([15_101, 15_102, 15_103]);
    const rules = podRules(plan);
    expect(rules).toContain("elements = { 8080 : 15101, 80 : 15102, 443 : 15103 }");
    expect(rules.indexOf("ct status dnat accept")).toBeLessThan(rules.indexOf("reject with tcp reset"));
    expect(addPorts([{ port: 9, listen: 15_104 }]).at(-1)).toBe("{ 9 : 15104 }");
  });

  it("has rules without a port in the mesh too", () => {
    expect(podRules({ outbound: [], inbound: [] })).not.toContain("elements");
  });

  it("names services as far as the search list of its namespace shortens them", () => {
    const config = {
      workload: "web-1",
      address: "10.244.0.1",
      search: ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"],
      names: { "db.shop.svc.cluster.local": ["10.96.0.1"], "log.ops.svc.cluster.local": ["10.96.0.2"] },
    } as unknown as HookConfig;
    expect(hostsText(config)).toBe(`127.0.0.1 localhost
127.0.0.1 web-1
10.96.0.1 db.shop.svc.cluster.local db db.shop db.shop.svc
10.96.0.2 log.ops.svc.cluster.local log.ops log.ops.svc
`);
  });
});
