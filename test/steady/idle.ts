import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { percentile } from "../bench/figure.ts";
import { exchange } from "../support/proxy-talk.ts";
import { listenToGenerations } from "./generations.ts";
import { startSteadyMesh, type SteadyMesh } from "./mesh.ts";
import { processSize } from "./process-size.ts";

export interface IdleResult {
  readonly connections: number;
  /** File touched to live, milliseconds: without and with the idle connections. */
  readonly liveMs: readonly [without: number, with_: number];
  /** Kilobytes of Pss that each connection takes in the data plane. */
  readonly kilobytesEach: number;
  /** Milliseconds of the edit that makes their chain another one, until the last of them is closed. */
  readonly closedMs: number;
}

/** Many connections that have had their answer and say nothing: what they cost, whether reloads mind them, how fast a change ends them all. */
export async function idle(connections: number): Promise<IdleResult> {
  await using mesh = await startSteadyMesh({ callers: [] });
  const generations = listenToGenerations(mesh.client);
  await generations.after(0);
  const dataPlane = (await mesh.state()).dataPlane.pid ?? 0;
  const reload = async (): Promise<number> => {
    const took: number[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      const before = generations.newest();
      const { begun } = mesh.edit();
      took.push((await generations.after(before)) - begun);
    }
    return percentile(took, 0.5);
  };

  const without = await reload();
  const small = processSize(dataPlane).pss;
  const sockets = await openIdle(mesh, connections);
  const large = processSize(dataPlane).pss;
  const with_ = await reload();

  const closed = Promise.all(sockets.map((socket) => once(socket.resume(), "close")));
  const begun = performance.now();
  mesh.project.write("mesh/edge.yaml", strictEdge);
  await closed;
  const closedMs = performance.now() - begun;
  generations.close();
  return { connections, liveMs: [without, with_], kilobytesEach: ((large - small) * 1024) / connections, closedMs };
}

async function openIdle(mesh: SteadyMesh, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(100, count - sockets.length) }, () => connect(mesh.port, "127.0.0.1"));
    await Promise.all(batch.map((socket) => exchange(socket, "GET /open HTTP/1.1\r\nHost: edge\r\n\r\n")));
    sockets.push(...batch);
  }
  return sockets;
}

/** Plaintext is no longer taken. */
const strictEdge = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: edge, namespace: default}
spec:
  selector: {matchLabels: {app: edge}}
  mtls: {mode: STRICT}
`;
