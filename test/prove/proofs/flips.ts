import * as fc from "fast-check";
import { until } from "../../e2e/support/project.ts";
import { connect, type SessionInfo } from "../../../runtime/index.ts";
import type { ConnectionEvent } from "../../../runtime/model/event.ts";
import type { Comparison } from "../../../runtime/model/flips.ts";
import { createFlipsProject } from "../flips/project.ts";
import { callsFrom, meshText } from "../flips/saves.ts";
import { verdictOf, watchMesh, type Verdict, type Watch } from "../flips/watch.ts";
import type { Proof } from "../proof.ts";

/** Requests that are sent again for each save: of each kind of flip so many, and so many that are not said to flip. */
interface Size {
  readonly perFlip: number;
  readonly others: number;
  /** Calls that are made between two saves. */
  readonly between: number;
}

const whole: Size = { perFlip: 3, others: 50, between: 120 };
const short: Size = { perFlip: 1, others: 15, between: 60 };

interface Tally {
  saves: number;
  compared: number;
  flipped: number;
  /** Said to flip, and sent again. */
  flipsSent: number;
  othersSent: number;
  /** What was really decided before a save, beside what the comparison says of it. */
  befores: number;
  connections: number;
  unsent: Map<string, number>;
  excluded: Map<string, number>;
  readonly failures: string[];
}

/** Random saves under live traffic: what is said to flip flips when it is sent again, and nothing else does. */
export const prove: Proof = async ({ count = 50, seed, progress }) => {
  const size = count < 5 ? short : whole;
  const meshes = fc.sample(meshText, { numRuns: count + 1, seed });
  const tally: Tally = {
    saves: 0,
    compared: 0,
    flipped: 0,
    flipsSent: 0,
    othersSent: 0,
    befores: 0,
    connections: 0,
    unsent: new Map(),
    excluded: new Map(),
    failures: [],
  };
  await using project = createFlipsProject(callsFrom(Date.now()), meshes[0] ?? "");
  const up = await project.meshdev("up", "-d");
  if (up.code !== 0) throw new Error(up.stderr);
  const { sessions } = JSON.parse((await project.meshdev("ls", "-o", "json")).stdout) as {
    readonly sessions: readonly SessionInfo[];
  };
  const session = sessions.find(({ directory }) => directory === project.directory);
  if (session === undefined) throw new Error("no session");
  await using client = await connect(session);
  const watch = watchMesh(client);
  for (const mesh of meshes.slice(1)) {
    await until("traffic", () => callsOf(watch) >= size.between, 60_000);
    const before = watch.generation();
    project.write("mesh/all.yaml", mesh);
    const after = await liveAfter(watch, before, mesh);
    // The same mesh twice in a row is no save.
    if (after === undefined) continue;
    const comparison = await until("the comparison", () => watch.comparison(after));
    tally.saves += 1;
    tally.compared += comparison.compared;
    tally.flipped += comparison.flipped;
    for (const { reason, calls } of comparison.excluded) add(tally.excluded, reason, calls);
    await checkRequests(watch, comparison, size, tally);
    await checkConnections(watch, comparison, tally);
    progress(
      `save ${tally.saves}/${count}: ${comparison.flipped} of ${comparison.compared} flip, ${tally.failures.length} disagreements so far`,
    );
  }
  watch.close();
  return { lines: wordsOf(tally), failures: tally.failures };
};

/** Under some meshes no request arrives: then connections are refused. */
function callsOf(watch: Watch): number {
  const generation = watch.generation();
  return watch.requestsOf(generation).length + watch.connectionsOf(generation).length;
}

async function liveAfter(watch: Watch, before: number, mesh: string): Promise<number | undefined> {
  try {
    return await until(
      "the save to be live",
      () => (watch.generation() > before ? watch.generation() : undefined),
      5_000,
    );
  } catch (error) {
    if (watch.generation() === before) return undefined;
    throw new Error(mesh, { cause: error });
  }
}

async function checkRequests(watch: Watch, comparison: Comparison, size: Size, tally: Tally): Promise<void> {
  const { before, after, flips, excluded } = comparison;
  const flipped = new Map(flips.flatMap((flip) => flip.ids.map((id) => [id, flip] as const)));
  const left = new Set(excluded.flatMap(({ ids }) => ids));
  for (const request of watch.requestsOf(before)) {
    const flip = flipped.get(request.id);
    if (flip === undefined) continue;
    tally.befores += 1;
    const { verdict, words } = verdictOf(request);
    if (verdict !== flip.before.verdict)
      tally.failures.push(
        `${before} → ${String(after)}: ${request.id} was ${verdict} (${words}), not ${flip.before.verdict}`,
      );
  }
  const untold = new Set([...left, ...comparison.omittedIds]);
  // What was under way then is decided under the old snapshot and ends too late to be compared; and only the last calls are.
  const { since } = comparison;
  const known = watch
    .requestsOf(before)
    .filter(({ at }) => since !== null && at > since && at <= watch.pushedAt(after ?? 0));
  const unflipped = known.filter(({ id }) => !flipped.has(id) && !untold.has(id));
  for (const request of unflipped.slice(-size.others))
    if (await sendAgain(watch, comparison, request.id, verdictOf(request).verdict, tally)) tally.othersSent += 1;
  for (const { ids, method, after: wanted } of flips) {
    if (method === null) continue;
    for (const id of ids.slice(0, size.perFlip))
      if (await sendAgain(watch, comparison, id, wanted.verdict, tally)) tally.flipsSent += 1;
  }
}

async function sendAgain(
  watch: Watch,
  { before, after }: Comparison,
  id: string,
  wanted: Verdict,
  tally: Tally,
): Promise<boolean> {
  const real = await watch.sendAgain(id);
  if (real.kind === "unsent") {
    add(tally.unsent, real.reason, 1);
    return false;
  }
  if (real.verdict === wanted) return true;
  if (real.expired) {
    add(tally.unsent, "its token expired between the save and the replay", 1);
    return false;
  }
  const { method, path, from, to } = watch.request(id) ?? {
    method: "",
    path: "",
    from: { workload: "" },
    to: { workload: "" },
  };
  tally.failures.push(
    `${before} → ${String(after)}: ${id} ${from.workload ?? "outside"} → ${to.workload ?? ""} ${method} ${path} is ${real.verdict} (${real.words}), not ${wanted}`,
  );
  return true;
}

/** Connections cannot be sent again, but the same caller's next one is the same to every policy. */
async function checkConnections(watch: Watch, comparison: Comparison, tally: Tally): Promise<void> {
  const { before, after, flips, excluded } = comparison;
  const left = new Set([...excluded.flatMap(({ ids }) => ids), ...comparison.omittedIds]);
  const flipped = new Map(flips.flatMap((flip) => flip.ids.map((id) => [id, flip] as const)));
  const generation = after ?? 0;
  for (const caller of ["web-1", "intruder-1", "outsider-1"]) {
    const last = watch
      .connectionsOf(before)
      .findLast(
        (event) =>
          isIts(event, caller, "inbound") &&
          event.at > (comparison.since ?? "") &&
          event.at <= watch.pushedAt(generation),
      );
    if (last === undefined || left.has(last.id)) continue;
    const wanted = flipped.get(last.id)?.after.verdict ?? connectionVerdict(last);
    const real = await nextConnection(watch, generation, caller).catch((error: unknown) => {
      const told = watch.connectionsOf(generation).filter(({ from }) => from.workload === caller);
      return `${String(error)}: ${told.map(({ side, to, flags, details, decision }) => `${side} ${to.address} ${flags} ${details} ${decision?.verdict ?? "-"}`).join("; ")}`;
    });
    tally.connections += 1;
    if (real !== wanted)
      tally.failures.push(`${before} → ${generation}: the connection of ${caller} is ${real}, not ${wanted}`);
  }
}

/** Of a caller whose sidecar cannot agree with the server's, the caller's alone knows. */
function nextConnection(watch: Watch, generation: number, caller: string): Promise<Verdict> {
  const seen = (side: ConnectionEvent["side"]): readonly ConnectionEvent[] =>
    watch.connectionsOf(generation).filter((event) => isIts(event, caller, side));
  return until(`a connection of ${caller}`, () => {
    if (seen("outbound").some(({ flags }) => flags.includes("UF"))) return "refuse";
    // One that was opened before the save may end after it.
    const next = seen("inbound").at(1);
    const isOver = caller === "outsider-1" || seen("outbound").length > 1;
    return next === undefined || !isOver ? undefined : connectionVerdict(next);
  });
}

function isIts({ from, to, side }: ConnectionEvent, caller: string, wanted: ConnectionEvent["side"]): boolean {
  return side === wanted && from.workload === caller && to.address.endsWith(":9100");
}

function connectionVerdict({ decision, flags }: ConnectionEvent): Verdict {
  return flags === "NR" ? "refuse" : (decision?.verdict ?? "refuse");
}

function add(counts: Map<string, number>, name: string, more: number): void {
  counts.set(name, (counts.get(name) ?? 0) + more);
}

function wordsOf(tally: Tally): readonly string[] {
  const list = (counts: ReadonlyMap<string, number>): string =>
    Array.from(counts, ([name, calls]) => `${calls} ${name}`).join("; ") || "none";
  return [
    `${tally.saves} saves: ${tally.flipped} flips predicted among ${tally.compared} calls decided again`,
    `${tally.flipsSent} requests said to flip and ${tally.othersSent} others were sent again, ${tally.befores} predictions compared with what had been decided before, ${tally.connections} connections made again`,
    `not compared: ${list(tally.excluded)}`,
    `not sent again: ${list(tally.unsent)}`,
    `disagreements: ${tally.failures.length}`,
  ];
}
