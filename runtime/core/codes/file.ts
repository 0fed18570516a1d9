import type { CodeTable } from "./table.ts";

/** MD1xxx: problems of a file: YAML, schema, the project file. A number is never reused; a retired one stays, marked so. */
export const fileCodes = {
  MD1001: {
    title: "The YAML cannot be parsed",
    why: "The text is not valid YAML, so nothing of this file can be read.",
    next: "Fix the line that the caret shows. The last valid version of each document stays in force.",
  },
} as const satisfies CodeTable<`MD1${string}`>;
