import type { Socket } from "node:net";
import type { Clock } from "../core/clock.ts";

/** How often it is looked in the time that a connection may be idle. */
const looks = 4;

/**
 * Calls `onIdle` when nothing has passed on a socket for `ms` milliseconds, at most a quarter later; the returned function stops it. Node's own
 * timeout of a socket touches a timer with every read and every write.
 */
export function watchIdle(socket: Socket, clock: Clock, ms: number, onIdle: () => void): () => void {
  let passed = -1;
  let quiet = 0;
  let cancel = clock.after(ms / looks, look);

  function look(): void {
    const sum = socket.bytesRead + socket.bytesWritten;
    quiet = sum === passed ? quiet + 1 : 0;
    passed = sum;
    if (quiet >= looks) onIdle();
    else cancel = clock.after(ms / looks, look);
  }

  return () => {
    cancel();
  };
}
