import type { CodeTable } from "./table.ts";

/** MD4xxx: programs: start, readiness, crashes. A number is never reused; a retired one stays, marked so. */
export const workloadCodes = {
  MD4001: {
    title: "A program could not be started",
    why: "The command was not found or may not be executed.",
    next: "Check `run` and `cwd` of the service in meshdev.yaml.",
  },
} as const satisfies CodeTable<`MD4${string}`>;
