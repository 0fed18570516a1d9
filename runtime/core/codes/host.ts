import type { CodeTable } from "./table.ts";

/** MD6xxx: the machine: ports, permissions, disks, sockets. A number is never reused; a retired one stays, marked so. */
export const hostCodes = {
  MD6001: {
    title: "The session folder cannot be used",
    why: "It is missing, not ours, or open to others.",
    next: "Set XDG_RUNTIME_DIR to a folder that only you can enter.",
  },
} as const satisfies CodeTable<`MD6${string}`>;
