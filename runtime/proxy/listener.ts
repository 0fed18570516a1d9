import { lstatSync, unlinkSync } from "node:fs";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import type { Clock } from "../core/clock.ts";
import type { Outside } from "./pods/outside.ts";

export type ListenAddress =
  | {
      readonly host: string;
      readonly port: number;
      /** Who lends the socket, where it cannot be opened here. */
      readonly outside?: Outside;
    }
  | { readonly path: string };

export interface BoundListener {
  readonly close: () => void;
}

/**
 * Listens at `address`. An address that is still held is tried again for a while: a data plane that was just killed
 * may leave its sockets a moment longer than itself.
 */
export function listen(
  address: ListenAddress,
  clock: Clock,
  onConnection: (socket: Socket) => void,
  onResult: (error: Error | undefined) => void,
): BoundListener {
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  const deadline = clock.monotonic() + retryForMs;
  let closed = false;
  let settled = false;
  let cancel: (() => void) | undefined;

  function settle(error: Error | undefined): void {
    if (settled) return;
    settled = true;
    onResult(error);
  }

  function attempt(): void {
    if (closed) return;
    if ("path" in address) {
      removeStaleSocket(address.path);
      server.listen({ path: address.path, backlog });
      return;
    }
    const { host, port, outside } = address;
    if (outside === undefined) server.listen({ host, port, backlog });
    else borrow(outside, host, port);
  }

  function borrow(outside: Outside, host: string, port: number): void {
    outside.listen({ host, port }, (outcome) => {
      if (outcome instanceof Error) server.emit("error", outcome);
      else if (closed) outcome.close();
      else server.listen(outcome);
    });
  }

  server.on("connection", (socket: Socket) => {
    if (closed) socket.destroy();
    else onConnection(socket);
  });
  server.on("listening", () => {
    settle(undefined);
  });
  server.on("error", (error: NodeJS.ErrnoException) => {
    if (closed) return;
    if (error.code === "EADDRINUSE" && !settled && clock.monotonic() < deadline) {
      cancel = clock.after(retryEveryMs, attempt);
    } else {
      settle(isMissingFamily(address, error) ? undefined : error);
    }
  });
  attempt();
  return {
    close: () => {
      closed = true;
      cancel?.();
      if (server.listening) server.close();
      settle(undefined);
    },
  };
}

/** A machine without IPv6 has no `::1`, and nobody there who would dial it. */
function isMissingFamily(address: ListenAddress, error: NodeJS.ErrnoException): boolean {
  return (
    "host" in address && address.host.includes(":") && (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT")
  );
}

/** The file of a Unix socket outlives the process that made it, and nobody else may listen in our folder. */
function removeStaleSocket(path: string): void {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path);
  } catch {
    // Nothing there; if something is wrong with the folder, listen says so.
  }
}

/**
 * Connections that may wait to be accepted, as far as the system lets them: a program that opens a thousand at once gets EAGAIN
 * from a Unix socket whose queue is full.
 */
const backlog = 4096;
const retryForMs = 1500;
const retryEveryMs = 20;
