import type { ChildProcess, SendHandle } from "node:child_process";
import { lookup } from "node:dns/promises";
import { connect, createServer, Socket } from "node:net";
import {
  isLendQuestion,
  isReachAnswer,
  type LendAnswer,
  type LendQuestion,
  type ReachAnswer,
} from "../../model/lending.ts";
import { codeOf } from "../session-folder.ts";
import type { OutsideNames } from "./outside-names.ts";

/** The daemon's end of what it and a data plane in the mesh namespace lend each other. */
export interface Lender {
  /** Answers a data plane that has just been started; an older one is asked nothing more. */
  readonly serve: (child: ChildProcess) => void;
  /** A connection within the mesh namespace. Rejects with an error that has the system's code. */
  readonly reach: (host: string, port: number, timeoutMs: number) => Promise<Socket>;
}

const backlog = 4096;

export function createLender(names: OutsideNames): Lender {
  const waiting = new Map<number, (answer: ReachAnswer, handle: unknown) => void>();
  let current: ChildProcess | undefined;
  let last = 0;

  function forget(): void {
    for (const hear of waiting.values()) hear({ reached: 0, error: "ECONNRESET" }, undefined);
    waiting.clear();
  }

  return {
    serve: (child) => {
      forget();
      current = child;
      child.on("message", (message, handle) => {
        if (isLendQuestion(message)) lend(child, message, names);
        else if (isReachAnswer(message)) {
          const hear = waiting.get(message.reached);
          waiting.delete(message.reached);
          if (hear !== undefined) hear(message, handle);
          else if (handle instanceof Socket) handle.destroy();
        }
      });
      child.once("exit", () => {
        if (current === child) forget();
      });
    },
    reach: (host, port, timeoutMs) =>
      new Promise((resolve, reject) => {
        if (current?.connected !== true) return reject(fault("ECONNREFUSED"));
        const reach = ++last;
        waiting.set(reach, (answer, handle) => {
          if (handle instanceof Socket) resolve(handle);
          else reject(fault(answer.error ?? "ECONNRESET"));
        });
        current.send({ reach, host, port, timeoutMs }, (error) => {
          if (error !== null && waiting.delete(reach)) reject(error);
        });
      }),
  };
}

function fault(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

function lend(child: ChildProcess, question: LendQuestion, names: OutsideNames): void {
  const answer = (rest: Omit<LendAnswer, "answer">, handle?: SendHandle, onSent?: () => void): void => {
    if (child.connected) child.send({ answer: question.id, ...rest }, handle, {}, () => onSent?.());
    else onSent?.();
  };
  switch (question.ask) {
    case "connection":
      return lendConnection(question, names, answer);
    case "listener":
      return lendListener(question, answer);
    case "addresses":
      void names.addressesOf(question.name, resolve4).then(
        (addresses) => answer({ addresses }),
        (error: unknown) => answer({ error: codeOf(error) ?? "EAI_AGAIN" }),
      );
  }
}

type Reply = (rest: Omit<LendAnswer, "answer">, handle?: SendHandle, onSent?: () => void) => void;

function lendConnection(
  { host, port, timeoutMs }: Extract<LendQuestion, { ask: "connection" }>,
  names: OutsideNames,
  answer: Reply,
): void {
  const socket = connect({ host: names.targetOf(host), port, allowHalfOpen: true, noDelay: true });
  // What the server says first is for who asked.
  socket.pause();
  const fail = (error: string): void => {
    socket.destroy();
    answer({ error });
  };
  const onError = (error: NodeJS.ErrnoException): void => fail(error.code ?? "ECONNRESET");
  const onTimeout = (): void => fail("ETIMEDOUT");
  socket.once("error", onError);
  socket.setTimeout(timeoutMs, onTimeout);
  socket.once("connect", () => {
    socket.setTimeout(0);
    socket.off("timeout", onTimeout);
    socket.off("error", onError);
    socket.on("error", () => undefined);
    answer({}, socket, () => socket.destroy());
  });
}

function lendListener({ host, port }: Extract<LendQuestion, { ask: "listener" }>, answer: Reply): void {
  const server = createServer();
  const onError = (error: NodeJS.ErrnoException): void => answer({ error: error.code ?? "EADDRINUSE" });
  server.once("error", onError);
  server.listen({ host, port, backlog }, () => {
    server.off("error", onError);
    // The other process keeps it; here nobody may accept from it.
    answer({}, server, () => server.close());
  });
}

async function resolve4(name: string): Promise<readonly { readonly address: string; readonly family: number }[]> {
  return lookup(name, { all: true, verbatim: true });
}
