import type { CaseRequest, ExpectedRequest } from "../case.ts";
import type { Difference } from "../outcome.ts";
import { compareCounts, labelOf, timesOf } from "../repeated.ts";
import { callOf, lookUp } from "../request.ts";
import type { Scene } from "./scene.ts";
import { send } from "./send.ts";

/** Shares that are drawn differ from run to run: one of so many runs must be like the recorded one. */
const rounds = 3;

export function isRepeated(request: CaseRequest, expected: ExpectedRequest | undefined): boolean {
  return timesOf(request) > 1 || expected?.counts !== undefined;
}

/** A request that is sent many times: which answers came from whom, and how often. */
export async function playRepeated(
  scene: Scene,
  request: CaseRequest,
  expected: ExpectedRequest,
): Promise<readonly Difference[]> {
  for (let round = 1; ; round += 1) {
    const differences = compareCounts(expected.counts ?? {}, await labels(scene, request, round));
    // What the proxies told and what arrived belongs to no other request.
    await scene.world.takeEvents();
    scene.apps.takeHits();
    if (differences.length === 0 || round === rounds) return differences;
  }
}

async function labels(scene: Scene, request: CaseRequest, round: number): Promise<readonly string[]> {
  const { mesh, spec } = scene;
  const from = mesh.workloads.find((each) => each.name === request.from || each.id === request.from);
  if (from === undefined) throw new Error(`${request.from} is not in the mesh`);
  const once = async (number: number): Promise<string> => {
    const call = callOf(request, `${spec.id}~${request.id}~${round}.${number}`);
    const address = lookUp(mesh, spec, from, call.host);
    if (address === undefined) return "unresolved<-";
    const { answer } = await send(scene, request, from, { address, port: call.port }, call.payload);
    return labelOf(request, answer);
  };
  const numbers = Array.from({ length: timesOf(request) }, (_, index) => index + 1);
  if (request.parallel !== undefined) return Promise.all(numbers.map(once));
  const told: string[] = [];
  for (const number of numbers) told.push(await once(number));
  return told;
}
