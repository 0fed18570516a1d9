import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openMeshCa, type CaKeeper } from "../../../runtime/control/mesh-ca.ts";
import { createKeyAndCsr } from "../../../runtime/identity/csr.ts";
import type { Problem } from "../../../runtime/core/problem.ts";
import { createTestClock } from "./test-clock.ts";

const full: Problem = { code: "MD6004", severity: "warning", message: "no space left" };
const identity = "spiffe://cluster.local/ns/default/sa/web";

function keeper(about: Partial<CaKeeper> = {}) {
  const kept: { files: Readonly<Record<string, string>> | undefined } = { files: undefined };
  const own: CaKeeper = {
    given: undefined,
    load: () => ({ files: kept.files, problems: [] }),
    save: (files) => {
      kept.files = files;
      return [];
    },
    ...about,
  };
  return { own, kept };
}

describe("the CA of a mesh", () => {
  it("is made once and found again", async () => {
    const clock = createTestClock();
    const { own } = keeper();
    const first = await openMeshCa(own, "cluster.local", undefined, clock);
    const second = await openMeshCa(own, "cluster.local", undefined, clock);
    expect(second.current().roots).toBe(first.current().roots);
    expect(first.problems).toEqual([]);
  });

  it("certifies a workload for a day, renewed at half of it", async () => {
    const clock = createTestClock();
    const ca = await openMeshCa(keeper().own, "cluster.local", undefined, clock);
    const { chain, facts, rotateAt } = await ca.sign(createKeyAndCsr().csr, identity);
    expect(facts.sans).toEqual([identity]);
    expect(new X509Certificate(chain).subjectAltName).toContain(identity);
    const day = 86_400_000;
    expect(Date.parse(facts.notAfter) - clock.now()).toBe(day);
    expect(Math.abs(rotateAt - clock.now() - day / 2)).toBeLessThanOrEqual(day / 100);
  });

  it("certifies nothing that is not a workload's identity", async () => {
    const ca = await openMeshCa(keeper().own, "cluster.local", 10_000, createTestClock());
    await expect(ca.sign(createKeyAndCsr().csr, "spiffe://cluster.local/admin")).rejects.toMatchObject({
      code: "MD3007",
    });
  });

  it("lives in memory when it cannot be stored, and says so", async () => {
    const { own } = keeper({ save: () => [full] });
    expect((await openMeshCa(own, "cluster.local", undefined, createTestClock())).problems).toEqual([full]);
  });

  it("is replaced when it ran out, but not when it is damaged", async () => {
    const { own, kept } = keeper();
    const long = 20 * 365 * 86_400_000;
    const old = await openMeshCa(own, "cluster.local", undefined, createTestClock());
    const later = await openMeshCa(own, "cluster.local", undefined, createTestClock(1_767_225_600_000 + long));
    expect(later.current().roots).not.toBe(old.current().roots);
    kept.files = { ...kept.files, "ca-key.pem": "nonsense" };
    await expect(openMeshCa(own, "cluster.local", undefined, createTestClock())).rejects.toMatchObject({
      code: "MD3001",
    });
  });

  it("is the one that was given, or none", async () => {
    const { own, kept } = keeper();
    const clock = createTestClock();
    const made = await openMeshCa(own, "cluster.local", undefined, clock);
    const given = await openMeshCa(keeper({ given: kept.files }).own, "other", undefined, clock);
    expect(given.current().roots).toBe(made.current().roots);
    await expect(openMeshCa(keeper({ given: {} }).own, "other", undefined, clock)).rejects.toMatchObject({
      code: "MD3002",
    });
  });
});
