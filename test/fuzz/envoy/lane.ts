import { once } from "node:events";
import { connect, type NetConnectOpts } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Arrived, RawApp } from "../../support/raw-app.ts";

/** What one connection through a proxy came to. */
export interface Outcome {
  /** What the application received, in order. */
  readonly arrived: readonly Arrived[];
  /** What the caller received, one character per byte. */
  readonly received: string;
  /** The caller's own port. */
  readonly port: number;
}

/** Sends the bytes on a connection of their own and waits until nothing more happens. */
export async function ask(to: NetConnectOpts, app: RawApp, bytes: Buffer, quietMs: number): Promise<Outcome> {
  const from = app.arrived.length;
  const socket = connect({ ...to, allowHalfOpen: true });
  await once(socket, "connect");
  const port = socket.localPort ?? 0;
  let received = "";
  let last = performance.now();
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
    last = performance.now();
  });
  socket.on("error", () => undefined);
  socket.write(bytes);
  while (Math.min(performance.now() - last, app.quietFor()) < quietMs) await sleep(5);
  socket.destroy();
  return { arrived: app.arrived.slice(from), received, port };
}
