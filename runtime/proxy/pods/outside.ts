import { Server, Socket } from "node:net";
import type { LendAnswer, LendQuestion } from "../../model/lending.ts";

/** The network outside of the mesh namespace, where this process cannot open sockets itself: it asks for them. */
export interface Outside {
  /** Exactly one outcome is told; the returned function gives up. */
  readonly connect: (
    target: { readonly host: string; readonly port: number; readonly timeoutMs: number },
    done: (outcome: Socket | NodeJS.ErrnoException) => void,
  ) => () => void;
  readonly listen: (
    address: { readonly host: string; readonly port: number },
    done: (outcome: Server | NodeJS.ErrnoException) => void,
  ) => () => void;
  /** IPv4 addresses of a name; rejects with an error whose code is the resolver's. */
  readonly addresses: (name: string) => Promise<readonly string[]>;
}

export interface OutsideChannel {
  readonly send: (question: LendQuestion) => void;
  readonly onAnswer: (hear: (answer: LendAnswer, handle: unknown) => void) => void;
}

type Distribute<T> = T extends unknown ? Omit<T, "id"> : never;

/** Asks over `channel`. What comes for a question that was given up is closed. */
export function createOutside(channel: OutsideChannel): Outside {
  const waiting = new Map<number, (answer: LendAnswer, handle: unknown) => void>();
  let last = 0;

  channel.onAnswer((answer, handle) => {
    const hear = waiting.get(answer.answer);
    waiting.delete(answer.answer);
    if (hear === undefined) discard(handle);
    else hear(answer, handle);
  });

  function ask(question: Distribute<LendQuestion>, hear: (answer: LendAnswer, handle: unknown) => void): () => void {
    const id = ++last;
    waiting.set(id, hear);
    channel.send({ ...question, id });
    return () => {
      waiting.delete(id);
    };
  }

  return {
    connect: (target, done) =>
      ask({ ask: "connection", ...target }, (answer, handle) => {
        if (!(handle instanceof Socket)) return done(faultOf(answer));
        handle.allowHalfOpen = true;
        handle.setNoDelay(true);
        done(handle);
      }),
    listen: (address, done) =>
      ask({ ask: "listener", ...address }, (answer, handle) => {
        done(handle instanceof Server ? handle : faultOf(answer));
      }),
    addresses: (name) =>
      new Promise((resolve, reject) => {
        ask({ ask: "addresses", name }, (answer) => {
          if (answer.addresses === undefined) reject(faultOf(answer));
          else resolve(answer.addresses);
        });
      }),
  };
}

function discard(handle: unknown): void {
  if (handle instanceof Socket) handle.destroy();
  if (handle instanceof Server) handle.close();
}

function faultOf({ error = "ECONNRESET" }: LendAnswer): NodeJS.ErrnoException {
  return Object.assign(new Error(error), { code: error });
}
