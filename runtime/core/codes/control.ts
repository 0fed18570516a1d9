import type { CodeTable } from "./table.ts";

/** MD7xxx: sessions, the daemon, the control API. A number is never reused; a retired one stays, marked so. */
export const controlCodes = {
  MD7001: {
    title: "No mesh is running here",
    why: "No daemon answers for this project folder.",
    next: "Start it with `meshdev up`, or name the folder with -C.",
  },
} as const satisfies CodeTable<`MD7${string}`>;
