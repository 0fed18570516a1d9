import type { CodeTable } from "./table.ts";

/** MD5xxx: sidecars: listeners, protocols. A number is never reused; a retired one stays, marked so. */
export const proxyCodes = {
  MD5001: {
    title: "A sidecar cannot listen",
    why: "The address is taken or not allowed.",
    next: "Stop the program that holds it, or choose another port.",
  },
} as const satisfies CodeTable<`MD5${string}`>;
