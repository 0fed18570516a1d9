import type { CodeTable } from "./table.ts";

/** MD9xxx: faults of meshdev itself. A number is never reused; a retired one stays, marked so. */
export const bugCodes = {
  MD9001: {
    title: "An error inside meshdev",
    why: "Something happened that meshdev should have handled.",
    next: "Please report it with the text above.",
  },
} as const satisfies CodeTable<`MD9${string}`>;
