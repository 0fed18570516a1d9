import { connect } from "node:net";
import { percentile } from "../bench/figure.ts";
import { processesOf, until } from "../e2e/support/project.ts";
import { startSteadyMesh } from "./mesh.ts";
import { processSize, type ProcessSize } from "./process-size.ts";

export interface KillResult {
  readonly signal: NodeJS.Signals;
  /** Milliseconds from the signal to the answer on the first new connection that got one, one per kill. */
  readonly samples: readonly number[];
  readonly median: number;
  readonly worst: number;
  /** The daemon after the first kills and after the last. */
  readonly before: ProcessSize;
  readonly after: ProcessSize;
  /** How many processes of the mesh there were before and are now. */
  readonly processes: readonly [before: number, after: number];
}

/** Signals the data plane again and again under load; a new connection from outside is tried without pause until it is answered. */
export async function kills(
  counts: Readonly<Partial<Record<NodeJS.Signals, number>>>,
  onProgress: (text: string) => void,
): Promise<readonly KillResult[]> {
  await using mesh = await startSteadyMesh({ callers: ["mixed"] });
  const results: KillResult[] = [];
  const settled = async (): Promise<number> => {
    await until("an answer", () => answered(mesh.port));
    return until("every sidecar", async () => {
      const { dataPlane, workloads } = await mesh.state();
      return workloads.every((each) => !each.sidecar || each.state.phase === "ready")
        ? (dataPlane.pid ?? undefined)
        : undefined;
    });
  };
  for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
    const count = counts[signal] ?? 0;
    if (count === 0) continue;
    const samples: number[] = [];
    let before: ProcessSize | undefined;
    const processesBefore = processesOf(mesh.project).length;
    for (let kill = 1; kill <= count; kill += 1) {
      const pid = await settled();
      // The first ones let the daemon's heap grow to what replacing takes.
      if (kill === Math.min(10, count)) before = processSize(mesh.daemon);
      const begun = performance.now();
      process.kill(pid, signal);
      await until("an answer again", () => answered(mesh.port));
      samples.push(performance.now() - begun);
      if (kill % 10 === 0) onProgress(`${kill} of ${count} ${signal}, worst ${Math.round(Math.max(...samples))} ms`);
    }
    await settled();
    const after = processSize(mesh.daemon);
    const processesAfter = await until("the replaced ones to end", () => {
      const now = processesOf(mesh.project).length;
      return now <= processesBefore ? now : undefined;
    }).catch(() => processesOf(mesh.project).length);
    results.push({
      signal,
      samples,
      median: percentile(samples, 0.5),
      worst: Math.max(...samples),
      before: before ?? after,
      after,
      processes: [processesBefore, processesAfter],
    });
  }
  return results;
}

/** One request on a new connection. */
function answered(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let bytes = "";
    // A data plane that is stopped accepts and says nothing.
    const late = setTimeout(() => socket.destroy(), 100);
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      bytes += chunk;
      if (bytes.startsWith("HTTP/1.1 200 ")) socket.destroy();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(late);
      resolve(bytes.startsWith("HTTP/1.1 200 ") ? true : undefined);
    });
    socket.write("GET /open HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n");
  });
}
