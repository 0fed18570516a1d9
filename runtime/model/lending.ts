/**
 * What a data plane in a network namespace of its own and the daemon outside lend each other, over Node's channel between processes: one JSON
 * message each, some with a socket. Every question has an answer with the same number.
 */
export type LendQuestion =
  /** A connection from the daemon's network. */
  | {
      readonly ask: "connection";
      readonly id: number;
      readonly host: string;
      readonly port: number;
      readonly timeoutMs: number;
    }
  /** A listening socket in the daemon's network. */
  | { readonly ask: "listener"; readonly id: number; readonly host: string; readonly port: number }
  /** IPv4 addresses that a pod should use for a name outside the mesh. */
  | { readonly ask: "addresses"; readonly id: number; readonly name: string };

export interface LendAnswer {
  readonly answer: number;
  /** Code of the system's error, as ECONNREFUSED; absent: it went well. */
  readonly error?: string;
  readonly addresses?: readonly string[];
}

/** The other way: a connection from within the mesh namespace. */
export interface ReachQuestion {
  readonly reach: number;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

export interface ReachAnswer {
  readonly reached: number;
  readonly error?: string;
}

/** The channel joins two processes of ours: what is told apart here is trusted. */
export function isLendQuestion(message: unknown): message is LendQuestion {
  return typeof message === "object" && message !== null && "ask" in message;
}

export function isLendAnswer(message: unknown): message is LendAnswer {
  return typeof message === "object" && message !== null && "answer" in message;
}

export function isReachQuestion(message: unknown): message is ReachQuestion {
  return typeof message === "object" && message !== null && "reach" in message;
}

export function isReachAnswer(message: unknown): message is ReachAnswer {
  return typeof message === "object" && message !== null && "reached" in message;
}
