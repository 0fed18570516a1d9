import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEngine, type EngineClient } from "../../../../runtime/host/containers/engine-client.ts";
import { findLeftovers, removeLeftovers } from "../../../../runtime/host/containers/leftovers.ts";
import { pruneSchema } from "../../../../runtime/store/prune-schema.ts";
import { engineGate } from "../../../support/engine-gate.ts";

const gate = await engineGate();
const run = randomUUID().slice(0, 8);
const image = `meshdev-test/leftovers-${run}`;
const deadPid = 4_999_999;
const isAlive = (pid: number): boolean => pid !== deadPid;

describe.skipIf(gate.skip !== undefined)(`what a dead daemon left (${gate.skip ?? "engine found"})`, () => {
  let engine: EngineClient;
  const mine = async (volumes = false): Promise<readonly string[]> =>
    (await findLeftovers(engine, isAlive, volumes)).map(({ name }) => name).filter((name) => name.includes(run));

  beforeAll(async () => {
    engine = await openEngine({ env: process.env, home: homedir() });
    await buildImage(image);
    const labels = (pid: number): Record<string, string> => ({
      "dev.meshdev.session": run,
      "dev.meshdev.mesh": "shop",
      "dev.meshdev.pid": String(pid),
    });
    const { docker } = engine;
    for (const [name, label] of [
      ["left", labels(deadPid)],
      ["living", labels(process.pid)],
      ["foreign", {}],
    ] as const) {
      const command = ["/busybox", "sleep", "600"];
      const HostConfig = { NetworkMode: "none" };
      const made = await docker.createContainer({
        name: `${name}-${run}`,
        Image: image,
        Cmd: command,
        Labels: label,
        HostConfig,
      });
      await made.start();
    }
    await docker.createVolume({ Name: `data-${run}`, Labels: labels(deadPid) });
  });

  afterAll(async () => {
    for (const name of ["left", "living", "foreign"]) {
      await engine.docker
        .getContainer(`${name}-${run}`)
        .remove({ force: true })
        .catch(() => undefined);
    }
    await engine.docker
      .getVolume(`data-${run}`)
      .remove()
      .catch(() => undefined);
    await engine.docker
      .getImage(image)
      .remove({ force: true })
      .catch(() => undefined);
  });

  it("is listed first, without what belongs to others or holds data", async () => {
    expect(await mine()).toEqual([`left-${run}`]);
    expect(await mine(true)).toEqual([`left-${run}`, `data-${run}`]);
  });

  it("is removed with its volumes when that is asked for; the rest runs on", async () => {
    const found = (await findLeftovers(engine, isAlive, true)).filter(({ name }) => name.includes(run));
    await removeLeftovers(engine, found);
    expect(new Ajv2020().validate(pruneSchema, { schemaVersion: 1, removed: true, leftovers: found })).toBe(true);
    // Twice is no error.
    await removeLeftovers(engine, found);
    expect(await mine(true)).toEqual([]);
    for (const name of ["living", "foreign"])
      expect((await engine.docker.getContainer(`${name}-${run}`).inspect()).State.Running).toBe(true);
  });
});

/** An image of this machine's busybox alone: no registry is asked. */
async function buildImage(tag: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "md-image-"));
  try {
    copyFileSync(
      (await promisify(execFile)("sh", ["-c", "command -v busybox"])).stdout.trim(),
      join(folder, "busybox"),
    );
    writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY busybox /busybox\n");
    await promisify(execFile)("docker", ["build", "--quiet", "--tag", tag, folder]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
