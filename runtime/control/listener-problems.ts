import type { Problem } from "../core/problem.ts";
import type { MeshEvent } from "../model/event.ts";

/** Remembers which addresses sidecars cannot listen on, until they can. */
export interface ListenerProblems {
  /** The new list when the event changed it. */
  readonly hear: (event: MeshEvent) => readonly Problem[] | undefined;
}

export function createListenerProblems(): ListenerProblems {
  const failed = new Map<string, Problem>();
  return {
    hear: (event) => {
      if (event.type !== "listener.bound" && event.type !== "listener.failed") return undefined;
      const key = `${event.proxy} ${event.address}`;
      if (event.type === "listener.bound") return failed.delete(key) ? [...failed.values()] : undefined;
      if (event.full === true) {
        failed.set(key, {
          code: "MD5002",
          severity: "error",
          message: `the sidecar of ${event.proxy} on ${event.address} ${event.error ?? "refuses new connections"}`,
          hint: "close connections that nobody needs, or raise `ulimit -n` and start the mesh again",
        });
        return [...failed.values()];
      }
      failed.set(key, {
        code: "MD5001",
        severity: "error",
        message: `the sidecar of ${event.proxy} cannot listen on ${event.address}: ${event.error ?? "unknown reason"}`,
        hint: "stop the program that holds the address",
      });
      return [...failed.values()];
    },
  };
}
