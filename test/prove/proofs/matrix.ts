import * as fc from "fast-check";
import { accessMatrix, type MatrixPort } from "../../../runtime/access/matrix.ts";
import { guardedPort } from "../../../runtime/access/ports.ts";
import { compile } from "../../../runtime/compile/compile.ts";
import type { ProxySnapshot } from "../../../runtime/model/snapshot.ts";
import type { Case } from "../../conformance/case.ts";
import { meshOf } from "../../conformance/mesh.ts";
import { enterScene } from "../../conformance/sockets/play-case.ts";
import { createStage } from "../../conformance/sockets/run-sockets.ts";
import { caseKeySets } from "../../conformance/tokens.ts";
import { randomCase, writtenCase } from "../../reference/random/case.ts";
import { sendMember, isServed, membersOf, randomOf, type Scene, withStrangers } from "../class-requests.ts";
import type { Proof } from "../proof.ts";

/** Per class: the example, and others. */
const members = 3;

/** `count` random meshes: requests of every class of the ports of a workload are sent through its sidecar, and end as their class says. */
export const prove: Proof = async ({ count = 300, seed, progress }) => {
  await using stage = await createStage({ compareSeconds: false });
  const random = randomOf(seed);
  const failures: string[] = [];
  const counts = { meshes: 0, classes: 0, requests: 0, again: 0, unsent: 0, cut: 0, skipped: 0 };
  const verdicts = new Map<string, number>();
  for (const spec of fc.sample(randomCase, { numRuns: count, seed }).map(withStrangers)) {
    const { mesh, rejected } = meshOf(spec, { id: spec.id, requests: {} });
    if (rejected.length > 0) {
      counts.skipped += 1;
      continue;
    }
    const scene = await enterScene(stage, spec, mesh, []);
    const snapshots = [...compile(mesh, { ready: new Set(), keySets: caseKeySets() }).values()];
    const target = snapshots.find(({ workload }) => workload.name === "backend-v1");
    if (target === undefined) throw new Error("backend-v1 has no sidecar");
    counts.meshes += 1;
    for (const port of accessMatrix({ snapshots, to: (each) => each === target }).ports) {
      if (!isServed(spec, port.port)) continue;
      for (const { sent, again, verdict, told } of await tryPort(scene, spec, target, port, random)) {
        counts.classes += 1;
        counts.requests += sent;
        counts.again += again;
        if (sent === 0) counts.unsent += 1;
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + sent);
        failures.push(...told);
      }
      counts.cut += port.layers.filter(({ found }) => found.cut.length > 0).length;
    }
    progress(
      `${counts.meshes} meshes, ${counts.classes} classes, ${counts.requests} requests, ${failures.length} mismatches`,
    );
  }
  const ends = [...verdicts].map(([verdict, number]) => `${verdict} ${number}`).join(", ");
  return {
    lines: [
      `${counts.meshes} random meshes, ${counts.classes} classes: ${counts.requests} requests sent (${ends}), ${failures.length} mismatches`,
      `${counts.again} were sent twice, as an answer or an event came late; ${counts.unsent} classes have no request that a stranger of this machine could write, ${counts.cut} ports had more classes than were followed, ${counts.skipped} meshes are not valid`,
    ],
    failures,
  };
};

async function tryPort(
  scene: Scene,
  spec: Case,
  target: ProxySnapshot,
  port: MatrixPort,
  random: () => number,
): Promise<
  readonly {
    readonly sent: number;
    readonly again: number;
    readonly verdict: string;
    readonly told: readonly string[];
  }[]
> {
  const guarded = guardedPort(target, port.port);
  const results = [];
  for (const { found } of port.layers) {
    for (const each of found.classes) {
      const [outcome] = each.outcomes;
      if (outcome === undefined) continue;
      const requests = membersOf(each, [guarded], random, members).flat();
      let again = 0;
      const told: string[] = [];
      for (const request of requests) {
        const { difference, repeated } = await sendMember(scene, request, outcome);
        if (repeated) again += 1;
        if (difference === undefined) continue;
        told.push(
          `${difference}\n${JSON.stringify(each.conditions)}\n${writtenCase({ ...spec, requests: [request] })}`,
        );
      }
      results.push({ sent: requests.length, again, verdict: outcome.verdict, told });
    }
  }
  return results;
}
