import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeProbe, probePods, probeSteps } from "../../../../runtime/host/pods/probe.ts";
import { currentUser } from "../../../../runtime/host/session-folder.ts";

const linux = process.platform === "linux";

/** Network namespaces in which a process of ours lives. */
function namespaces(): ReadonlySet<string> {
  return new Set(
    readdirSync("/proc").flatMap((name) => {
      try {
        return /^\d+$/.test(name) ? [readlinkSync(`/proc/${name}/ns/net`)] : [];
      } catch {
        return [];
      }
    }),
  );
}

describe("the probe of network pods", () => {
  it("tells of every step, and leaves nothing behind", async () => {
    const before = namespaces();
    const routes = linux ? readFileSync("/proc/net/route", "utf8") : "";
    const probe = await probePods(currentUser());
    if (!probe.ok) console.info(`network pods are not possible here: ${describeProbe(probe)}`);
    expect(probe.results.map(({ step }) => step)).toEqual(probeSteps);
    expect(probe.results.filter(({ outcome }) => outcome === "failed")).toHaveLength(probe.ok ? 0 : 1);
    expect(probe.results.every(({ outcome }) => outcome === "ok")).toBe(probe.ok);
    if (!linux) return;
    expect([...namespaces()].filter((each) => !before.has(each))).toEqual([]);
    expect(readFileSync("/proc/net/route", "utf8")).toBe(routes);
  });
});
