import type { CodeTable } from "./table.ts";

/** MD5xxx: sidecars: listeners, protocols. A number is never reused; a retired one stays, marked so. */
export const proxyCodes = {
  MD5001: {
    title: "A sidecar cannot listen",
    why: "The address is taken or not allowed.",
    next: "Stop the program that holds it, or choose another port.",
  },
  MD5002: {
    title: "The data plane has no room for more connections",
    why: "Every connection takes a file descriptor, and the data plane holds as many as the system allows it. Open connections go on; new ones are reset until some have closed.",
    next: "Close connections that nobody needs, or raise `ulimit -n` and start the mesh again.",
  },
} as const satisfies CodeTable<`MD5${string}`>;
