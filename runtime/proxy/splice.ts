import type { Socket } from "node:net";
import { isReadAsBytes, readBytes } from "./read-bytes.ts";
import { createSpentBuffers } from "./spent-buffers.ts";

export interface SpliceCounts {
  /** Bytes from `a` to `b`. */
  readonly forward: number;
  /** Bytes from `b` to `a`. */
  readonly backward: number;
  /** Which side ended or failed first. */
  readonly first: "a" | "b";
  readonly error: Error | undefined;
  /** Nobody had said anything for `idleMs`. */
  readonly idle: boolean;
}

/** As long as Envoy lets a TCP connection say nothing (spec traffic 2.14.5), milliseconds. */
export const tcpIdleMs = 3_600_000;
/** Why it then ends, in Envoy's word. */
export const tcpIdleDetails = "tcp_session_idle_timeout";

export interface SpliceHooks {
  /** What was read of `a` before. */
  readonly early?: Buffer;
  /** May hold back what `a` says, its end too: false closes both sides without passing it on. */
  readonly onForward?: () => boolean;
  /** False: when one side ends, both do, once what it sent is through. Default: the other may go on. */
  readonly halfClose?: boolean;
  /** Both sides are closed after this many milliseconds without a byte; default: never. */
  readonly idleMs?: number;
  readonly onEnd: (counts: SpliceCounts) => void;
}

export interface Splice {
  readonly close: () => void;
  readonly counts: () => { readonly forward: number; readonly backward: number };
}

/** Passes bytes both ways until both sides have ended: at most one chunk of each way waits in memory. */
export function splice(a: Socket, b: Socket, hooks: SpliceHooks): Splice {
  let forward = 0;
  let backward = 0;
  let first: "a" | "b" | undefined;
  let failure: Error | undefined;
  let open = 2;
  let done = false;
  let idle = false;

  function closed(): void {
    open -= 1;
    if (open === 0 && !done) {
      done = true;
      hooks.onEnd({ forward, backward, first: first ?? "a", error: failure, idle });
    }
  }

  function abort(): void {
    a.destroy();
    b.destroy();
  }

  function connect(from: Socket, to: Socket, side: "a" | "b", early?: Buffer): void {
    const spent = createSpentBuffers(to);
    let corked = false;

    function uncork(): void {
      corked = false;
      to.uncork();
    }

    function pass(chunk: Buffer): void {
      if (side === "a") {
        if (hooks.onForward !== undefined && !hooks.onForward()) {
          first ??= "a";
          abort();
          return;
        }
        forward += chunk.length;
      } else {
        backward += chunk.length;
      }
      if (!to.writable) return;
      spent.free();
      // One read of TLS arrives as several records of 16 KiB: they leave in one write.
      if (!corked) {
        corked = true;
        to.cork();
        process.nextTick(uncork);
      }
      if (!to.write(chunk)) from.pause();
      spent.add(chunk);
    }

    // Chunks of 64 KiB are passed on as they were read, and freed: copying them costs a third more. Requests are short, and had it the other way.
    let unread: Buffer | undefined;
    if (isReadAsBytes(from)) unread = readBytes(from, pass);
    else from.on("data", pass);

    function end(): void {
      first ??= side;
      // One that ends without a byte gets no answer either unless it may speak.
      if (side === "a" && hooks.onForward?.() === false) {
        abort();
        return;
      }
      if (hooks.halfClose !== false) to.end();
      else to.end(abort);
    }

    to.on("drain", () => {
      spent.free();
      from.resume();
    });
    from.on("end", end);
    from.on("error", (error) => {
      first ??= side;
      failure ??= error;
      abort();
    });
    from.on("close", () => {
      first ??= side;
      if (!from.readableEnded) to.destroy();
      else if (to.writable) to.end();
      closed();
    });
    if (from.destroyed) {
      to.destroy();
      closed();
      return;
    }
    for (const bytes of [early, unread]) if (bytes !== undefined && bytes.length > 0) pass(bytes);
    // A socket that has nothing to read says its end even while it is paused.
    if (from.readableEnded) end();
    else if (!to.writableNeedDrain) from.resume();
  }

  if (hooks.idleMs !== undefined) {
    // A byte of either way is one of each side.
    a.setTimeout(hooks.idleMs, () => {
      idle = true;
      abort();
    });
  }
  connect(a, b, "a", hooks.early);
  connect(b, a, "b");
  return { close: abort, counts: () => ({ forward, backward }) };
}
