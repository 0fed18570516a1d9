import type { CodeTable } from "./table.ts";

/** MD8xxx: the command line. A number is never reused; a retired one stays, marked so. */
export const cliCodes = {
  MD8001: {
    title: "The command line is not understood",
    why: "An option or argument is unknown or incomplete.",
    next: "See `meshdev --help`.",
  },
} as const satisfies CodeTable<`MD8${string}`>;
