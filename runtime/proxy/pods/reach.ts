import { connect, type Socket } from "node:net";
import type { ReachAnswer, ReachQuestion } from "../../model/lending.ts";

/** Opens a connection within the mesh namespace for the daemon, which cannot: to a program, for its readiness probe, or to a sidecar. */
export function reachFromOutside(
  { reach, host, port, timeoutMs }: ReachQuestion,
  answer: (answer: ReachAnswer, socket?: Socket) => void,
): void {
  const socket = connect({ host, port, allowHalfOpen: true });
  // What the other end says first is for who asked.
  socket.pause();
  const fail = (error: string): void => {
    socket.destroy();
    answer({ reached: reach, error });
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
    answer({ reached: reach }, socket);
  });
}
