import type { CodeTable } from "./table.ts";

/** MD9xxx: faults of meshdev itself. A number is never reused; a retired one stays, marked so. */
export const bugCodes = {
  MD9001: {
    title: "An error inside meshdev",
    why: "Something happened that meshdev should have handled.",
    next: "Please report it with the text above.",
  },
  MD9002: {
    title: "The engine and the sidecars disagree",
    why: "The same call was decided in one way on paper and in another by real sidecars, although both use one engine.",
    next: "Please report it with the case above; it is a fault of meshdev, not of your policies.",
  },
} as const satisfies CodeTable<`MD9${string}`>;
