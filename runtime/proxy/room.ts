import type { Socket } from "node:net";

/** By the own program, on its way out, or by a caller, on its way in. */
export type Accepted = "program" | "caller";

/**
 * How many connections the process may hold. At the system's limit a connection would vanish without a word, so that new
 * ones are refused and told before it is reached; those that are there can still open theirs to servers.
 */
export interface Room {
  /** Counts an accepted connection until it is closed; false: there is no room for it. */
  readonly admit: (socket: Socket, from: Accepted) => boolean;
  /** Whether one more connection to a server may be opened. */
  readonly mayOpen: () => boolean;
  /** Counts a connection to a server until it is closed. */
  readonly opened: (socket: Socket) => void;
  /** Most connections there may be when another of this kind is admitted. */
  readonly most: (from: Accepted) => number;
  /** Calls back once, when connections are admitted again. */
  readonly whenRoom: (task: () => void) => void;
}

/** Descriptors that are no connections: listeners, pipes, certificate files. */
const reserved = 64;
/** Accepted connections leave room for those that they need further on: a program's call may cross two sidecars. */
const shares: Readonly<Record<Accepted, number>> = { program: 0.5, caller: 0.75 };
/** So far it must empty before a refusal is over. */
const roomShare = 0.95;

export function createRoom(descriptors: number): Room {
  const all = Math.max(1, descriptors - reserved);
  const most = (from: Accepted): number => Math.max(1, Math.floor(all * shares[from]));
  const waiting = new Set<() => void>();
  let count = 0;

  function leave(): void {
    count -= 1;
    if (waiting.size === 0 || count >= most("program") * roomShare) return;
    const tasks = [...waiting];
    waiting.clear();
    for (const task of tasks) task();
  }

  function enter(socket: Socket): void {
    count += 1;
    socket.once("close", leave);
  }

  return {
    admit: (socket, from) => {
      if (count >= most(from)) return false;
      enter(socket);
      return true;
    },
    mayOpen: () => count < all,
    opened: enter,
    most,
    whenRoom: (task) => {
      waiting.add(task);
    },
  };
}
