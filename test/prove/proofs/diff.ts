import * as fc from "fast-check";
import { accessChanges, isChanged } from "../../../runtime/access/changes.ts";
import { type AccessClass, classesOf } from "../../../runtime/access/classes.ts";
import { partition } from "../../../runtime/access/partition.ts";
import { guardedPort, layersOf, surroundingsOf } from "../../../runtime/access/ports.ts";
import type { GuardedPort } from "../../../runtime/access/sample.ts";
import { compile } from "../../../runtime/compile/compile.ts";
import type { Mesh } from "../../../runtime/model/mesh.ts";
import type { ProxySnapshot } from "../../../runtime/model/snapshot.ts";
import type { CaseRequest } from "../../conformance/case.ts";
import { meshOf } from "../../conformance/mesh.ts";
import { enterScene } from "../../conformance/sockets/play-case.ts";
import { createStage } from "../../conformance/sockets/run-sockets.ts";
import { caseKeySets } from "../../conformance/tokens.ts";
import { randomCase, writtenCase } from "../../reference/random/case.ts";
import { sendMember, isServed, membersOf, randomOf, withStrangers } from "../class-requests.ts";
import type { Proof } from "../proof.ts";

/** Per class: the example, and another. */
const members = 2;

/**
 * `count` pairs of random policies: the same requests, of every class that either tells apart, are sent to a sidecar under one and under
 * the other. Each must end on both sides as its class says; so what ends otherwise is what `diff` names.
 */
export const prove: Proof = async ({ count = 150, seed, progress }) => {
  await using stage = await createStage({ compareSeconds: false });
  const random = randomOf(seed);
  const failures: string[] = [];
  const counts = { pairs: 0, classes: 0, changed: 0, requests: 0, flips: 0, again: 0, unsent: 0 };
  for (const [first, second] of fc.sample(fc.tuple(randomCase, randomCase), { numRuns: count, seed })) {
    const specs = [withStrangers(first), withStrangers({ ...first, config: second.config })];
    const made = specs.map((spec) => meshOf(spec, { id: spec.id, requests: {} }));
    if (made.some(({ rejected }) => rejected.length > 0)) continue;
    counts.pairs += 1;
    const tries = triesOf(
      made.map(({ mesh }) => snapshotsOf(mesh)),
      random,
      (port) => isServed(first, port),
    );
    counts.classes += tries.classes;
    counts.changed += tries.changed;
    counts.unsent += tries.unsent;
    if (tries.named !== tries.changed) failures.push(`${tries.changed} classes change, ${tries.named} are named`);
    for (const [side, { mesh }] of made.entries()) {
      const spec = specs[side] ?? first;
      const scene = await enterScene(stage, spec, mesh, []);
      for (const { found, requests } of tries.list) {
        const [request, outcome] = [requests[side], found.outcomes[side]];
        if (request === undefined || outcome === undefined) continue;
        counts.requests += 1;
        if (side === 0 && isChanged(found.outcomes)) counts.flips += 1;
        const { difference, repeated } = await sendMember(scene, request, outcome);
        if (repeated) counts.again += 1;
        if (difference !== undefined)
          failures.push(
            `side ${side}: ${difference}\n${JSON.stringify(found.conditions)}\n${writtenCase({ ...spec, requests: [request] })}`,
          );
      }
    }
    progress(
      `${counts.pairs} pairs, ${counts.changed} of ${counts.classes} classes change, ${counts.requests} requests, ${failures.length} mismatches`,
    );
  }
  return {
    lines: [
      `${counts.pairs} pairs of random policies: ${counts.changed} of ${counts.classes} classes change; ${counts.requests} requests sent, ${counts.flips} of them said to end otherwise on the other side; ${failures.length} mismatches`,
      `${counts.again} were sent twice, as an answer or an event came late; ${counts.unsent} classes have no request that a stranger of this machine could write`,
    ],
    failures,
  };
};

function snapshotsOf(mesh: Mesh): readonly ProxySnapshot[] {
  return [...compile(mesh, { ready: new Set(), keySets: caseKeySets() }).values()];
}

interface Tries {
  readonly classes: number;
  readonly changed: number;
  /** How many changes `diff` tells. */
  readonly named: number;
  readonly unsent: number;
  readonly list: readonly { readonly found: AccessClass; readonly requests: readonly CaseRequest[] }[];
}

function triesOf(
  meshes: readonly (readonly ProxySnapshot[])[],
  random: () => number,
  isUsed: (port: number) => boolean,
): Tries {
  const targets = meshes.flatMap((mesh) => mesh.find(({ workload }) => workload.name === "backend-v1") ?? []);
  const [before, after] = targets;
  if (before === undefined || after === undefined) throw new Error("backend-v1 has no sidecar");
  const told = accessChanges([before], [after]).ports.filter(({ port }) => isUsed(port));
  const result = { classes: 0, changed: 0, unsent: 0, list: [] as Tries["list"][number][] };
  for (const { port } of before.inbound.listeners) {
    if (!isUsed(port) || !after.inbound.listeners.some((listener) => listener.port === port)) continue;
    const ports: readonly GuardedPort[] = targets.map((target) => guardedPort(target, port));
    for (const layer of layersOf(guardedPort(after, port).listener)) {
      const { classes } = classesOf(
        partition(ports, layer, surroundingsOf([after], after, guardedPort(after, port).listener)),
      );
      for (const found of classes) {
        const requests = membersOf(found, ports, random, members);
        result.classes += 1;
        if (isChanged(found.outcomes)) result.changed += 1;
        if (requests.length === 0) result.unsent += 1;
        result.list.push(...requests.map((each) => ({ found, requests: each })));
      }
    }
  }
  return { ...result, named: told.reduce((sum, { classes }) => sum + classes.length, 0) };
}
