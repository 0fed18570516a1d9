import { setTimeout as pause } from "node:timers/promises";
import { route, storeMode } from "./policy.ts";
import { startSteadyMesh, untilLive, type SteadyMesh, type Tally } from "./mesh.ts";
import { processSize } from "./process-size.ts";
import { createVerdictBook } from "./reloads.ts";
import { monotonicNow, type Judgement } from "./verdicts.ts";

export interface SoakRow {
  readonly minute: number;
  readonly requests: number;
  readonly lost: number;
  readonly wrong: number;
  readonly generation: number;
  readonly daemon: SizeColumns;
  readonly dataPlane: SizeColumns;
}

/** Megabytes; `heap` and `external` are the least that was seen in the interval: what is left when garbage was just collected. */
interface SizeColumns {
  readonly rss: number;
  readonly pss: number;
  readonly heap: number;
  readonly external: number;
  readonly descriptors: number;
}

export interface SoakResult {
  readonly rows: readonly SoakRow[];
  readonly kinds: Readonly<Record<string, Tally>>;
  readonly bitCalls: Readonly<Record<Judgement, number>>;
  readonly outside: Tally;
  readonly faults: readonly string[];
  readonly restarts: number;
}

export interface SoakOptions {
  readonly minutes: number;
  readonly everySeconds: number;
  readonly onRow: (row: SoakRow) => void;
}

/** Mixed load, reloads, rotating certificates, watchers that come and go, programs that restart: and what two processes hold meanwhile. */
export async function soak({ minutes, everySeconds, onRow }: SoakOptions): Promise<SoakResult> {
  await using mesh = await startSteadyMesh({
    callers: ["mixed", "bits"],
    staying: 2,
    fresh: 1,
    pauseMs: 60,
    heap: true,
    up: ["--svid-ttl", "2m"],
  });
  const verdicts = createVerdictBook(mesh);
  const stop = new AbortController();
  const outside = { done: 0, lost: 0, wrong: 0, last: "" };
  const busy = Promise.all([
    repeat(stop.signal, 2000, (turn) => edit(mesh, turn)),
    repeat(stop.signal, 100, (turn) => callFromOutside(mesh.port, turn, outside)),
    repeat(stop.signal, 30_000, () => watchAWhile(mesh)),
    repeat(stop.signal, 45_000, () => mesh.client.command({ type: "workload.restart", service: "broken" })),
    repeat(stop.signal, 60_000, () => mesh.project.meshdev("exec", "--as", "bit", "--", "true")),
  ]);

  const rows: SoakRow[] = [];
  const end = performance.now() + minutes * 60_000;
  for (let next = performance.now(); next < end;) {
    next += everySeconds * 1000;
    await pause(Math.max(0, next - performance.now()));
    verdicts.collect();
    const { dataPlane, generation } = await mesh.state();
    if (dataPlane.pid === null) continue;
    const tallies = [...Object.values(mesh.report()), outside];
    const { right, either, wrong, lost } = verdicts.calls;
    const sum = (key: "done" | "lost" | "wrong"): number => tallies.reduce((total, tally) => total + tally[key], 0);
    const row: SoakRow = {
      minute: rows.length === 0 ? everySeconds / 60 : (rows.at(-1)?.minute ?? 0) + everySeconds / 60,
      requests: sum("done") + sum("lost") + sum("wrong") + right + either + wrong + lost,
      lost: sum("lost") + lost,
      wrong: sum("wrong") + wrong,
      generation: generation.number,
      daemon: sizeOf(mesh, mesh.daemon),
      dataPlane: sizeOf(mesh, dataPlane.pid),
    };
    rows.push(row);
    onRow(row);
  }
  stop.abort();
  await busy;
  const { dataPlane } = await mesh.state();
  return {
    rows,
    kinds: mesh.report(),
    bitCalls: verdicts.calls,
    outside,
    faults: verdicts.faults,
    restarts: dataPlane.restarts,
  };
}

function sizeOf(mesh: SteadyMesh, pid: number): SizeColumns {
  const { rss, pss, descriptors } = processSize(pid);
  const { used, external } = mesh.heap(pid);
  return { rss, pss, descriptors, heap: used, external };
}

/** Every edit flips the policy; some also what a sidecar accepts, and what a route adds. */
async function edit(mesh: SteadyMesh, turn: number): Promise<void> {
  const before = (await mesh.state()).generation.number;
  const mine = mesh.edit();
  await untilLive(mesh, before);
  mine.live = monotonicNow();
  if (turn % 5 === 0) mesh.project.write("mesh/route.yaml", route(turn));
  if (turn % 7 === 0) mesh.project.write("mesh/store.yaml", storeMode(turn % 2 === 0 ? "STRICT" : "PERMISSIVE"));
}

async function callFromOutside(
  port: number,
  turn: number,
  tally: { -readonly [Key in keyof Tally]: Tally[Key] },
): Promise<void> {
  const [path, wanted] = turn % 2 === 0 ? ["/open", 200] : ["/closed", 403];
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: turn % 3 === 0 ? { connection: "close" } : {},
      signal: AbortSignal.timeout(60_000),
    });
    await answer.arrayBuffer();
    if (answer.status === wanted) tally.done += 1;
    else {
      tally.wrong += 1;
      tally.last = `${path}: ${answer.status}`;
    }
  } catch (error) {
    tally.lost += 1;
    tally.last = `${new Date().toISOString()} ${path}: ${String(error)}`;
  }
}

/** A subscriber who wants everything, for ten seconds. */
async function watchAWhile(mesh: SteadyMesh): Promise<void> {
  const events = mesh.client.events({ replay: true, headers: true, signal: AbortSignal.timeout(10_000) });
  let lines = 0;
  for await (const line of events) lines += line.type === "state" ? 0 : 1;
}

async function repeat(signal: AbortSignal, everyMs: number, act: (turn: number) => Promise<unknown>): Promise<void> {
  for (let turn = 0; !signal.aborted; turn += 1) {
    await act(turn);
    await pause(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
