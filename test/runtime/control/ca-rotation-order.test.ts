import { expect, it, vi } from "vitest";
import type { Problem } from "../../../runtime/core/problem.ts";
import { createCaRotation } from "../../../runtime/control/ca-rotation.ts";
import { openMeshCa } from "../../../runtime/control/mesh-ca.ts";
import { readCertificates } from "../../../runtime/identity/certificate.ts";
import { createTestClock } from "./test-clock.ts";

/** What is done in which order, with sidecars that are told to be quick or late. */
async function setup(late: readonly string[]) {
  const clock = createTestClock();
  const steps: string[] = [];
  const problems: Problem[] = [];
  const stored: string[] = [];
  const count = (pem: string): number => readCertificates(pem)?.length ?? 0;
  const save = (files: Readonly<Record<string, string>>): readonly Problem[] => {
    stored.push(`stored with ${count(files["root-cert.pem"] ?? "")}`);
    return [];
  };
  const keeper = { given: undefined, load: () => ({ files: undefined, problems: [] }), save };
  const ca = await openMeshCa(keeper, "cluster.local", undefined, clock);
  const rotation = createCaRotation({
    clock,
    ca,
    svids: {
      renewAll: () => {
        steps.push("renewed");
        return Promise.resolve(late);
      },
    },
    send: (message) => {
      if (message.type === "bundle") steps.push(`v${message.version}: ${count(message.roots)} trusted`);
    },
    onProblems: (told) => problems.push(...told),
  });
  /** Lets the time pass that handshakes are given, once it is waited for. */
  const passTime = async (): Promise<void> => {
    await vi.waitFor(() => {
      expect(clock.pending()).toBe(1);
    });
    clock.advance(999);
    expect(steps.at(-1)).toBe("renewed");
    clock.advance(1);
  };
  return { ca, rotation, steps, problems, stored, passTime };
}

it("trusts both roots before anybody has a certificate of the new one, and the new one alone a second after all have", async () => {
  const { ca, rotation, steps, stored, problems, passTime } = await setup([]);
  const before = ca.current().roots;
  const over = rotation.renewRoot("overlap");
  await passTime();
  await over;
  expect(steps).toEqual(["v2: 2 trusted", "renewed", "v3: 1 trusted"]);
  expect(rotation.bundle().roots).toBe(ca.current().roots);
  expect(rotation.bundle().roots).not.toBe(before);
  // A start in the middle would find both.
  expect(stored).toEqual(["stored with 1", "stored with 2", "stored with 1"]);
  expect(problems).toEqual([]);
});

it("forgets no root that a sidecar may still need", async () => {
  const { rotation, steps, problems } = await setup(["backend-1"]);
  await rotation.renewRoot("overlap");
  expect(steps).toEqual(["v2: 2 trusted", "renewed"]);
  expect(problems).toMatchObject([{ code: "MD3011", severity: "warning" }]);
});

it("takes one change after the other", async () => {
  const { rotation, steps, passTime } = await setup([]);
  const both = Promise.all([rotation.renewRoot("overlap"), rotation.renewRoot("overlap")]);
  await passTime();
  await passTime();
  await both;
  expect(steps).toEqual(["v2: 2 trusted", "renewed", "v3: 1 trusted", "v4: 2 trusted", "renewed", "v5: 1 trusted"]);
});
