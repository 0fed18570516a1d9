import type { Socket } from "node:net";

/** `undefined`: more bytes are needed. */
export type Classify<T> = (bytes: Buffer) => T | undefined;

export interface PeekResult<T> {
  readonly bytes: Buffer;
  readonly verdict: T;
}

/** More than this without a verdict ends the connection (errata traffic A14). */
const maxPeek = 64 * 1024;

/**
 * Reads until the bytes say what they are, as long as it takes (errata security 23) but never more than 64 KiB.
 * The socket is paused when `done` is called; `undefined` means that it is gone.
 */
export function peek<T>(
  socket: Socket,
  early: Buffer | undefined,
  classify: Classify<T>,
  done: (result: PeekResult<T> | undefined) => void,
): void {
  let bytes = early ?? Buffer.alloc(0);
  let settled = false;

  function detach(): void {
    settled = true;
    socket.off("data", onData);
    socket.off("end", onEnd);
    socket.off("close", onEnd);
    socket.off("error", onEnd);
  }

  function onEnd(): void {
    if (settled) return;
    detach();
    socket.on("error", () => {
      socket.destroy();
    });
    socket.destroy();
    done(undefined);
  }

  function judge(): void {
    const verdict = bytes.length === 0 ? undefined : classify(bytes);
    if (verdict === undefined) {
      if (bytes.length >= maxPeek) onEnd();
      return;
    }
    socket.pause();
    detach();
    done({ bytes, verdict });
  }

  function onData(chunk: Buffer): void {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    judge();
  }

  socket.on("data", onData);
  socket.on("end", onEnd);
  socket.on("close", onEnd);
  socket.on("error", onEnd);
  judge();
  if (!settled) socket.resume();
}
