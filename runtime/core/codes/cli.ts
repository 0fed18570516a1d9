import type { CodeTable } from "./table.ts";

/** MD8xxx: the command line. A number is never reused; a retired one stays, marked so. */
export const cliCodes = {
  MD8001: {
    title: "The command line is not understood",
    why: "An option or argument is unknown or incomplete.",
    next: "See `meshdev --help`.",
  },
  MD8002: {
    title: "It took too long",
    why: "What the command waited for did not happen within its --timeout.",
    next: "Look at `meshdev ps` and `meshdev logs` for what it waits for, or allow more time with --timeout.",
  },
  MD8003: {
    title: "There is no project here",
    why: "No meshdev.yaml was found between the working directory and the root of the repository.",
    next: "Write one with `meshdev init`, or name its folder with -C.",
  },
  MD8004: {
    title: "The filter is not understood",
    why: "The expression has a syntax error or names a field that does not exist.",
    next: "Write it like `verdict:denied from:web path:/api/*`.",
  },
  MD8005: {
    title: "There is no such thing in the mesh",
    why: "The service, workload or event that was named does not exist or is no longer kept.",
    next: "Names are listed by `meshdev ps`, events by `meshdev events`.",
  },
  MD8006: {
    title: "A file is in the way",
    why: "meshdev never overwrites what it did not write.",
    next: "Move the file away, or name another folder.",
  },
  MD8007: {
    title: "The command cannot be started",
    why: "The program was not found or may not be executed.",
    next: "Check its name and the PATH.",
  },
  MD8008: {
    title: "There is no terminal for this",
    why: "The full-screen view needs a terminal on both stdin and stdout.",
    next: "Use --plain, or -o ndjson for programs.",
  },
  MD8009: {
    title: "A service did not come up",
    why: "Its program ended with an error, or could not be started, before it was ready.",
    next: "Read its last lines with `meshdev logs`; the mesh keeps running until `meshdev down`.",
  },
  MD8010: {
    title: "The draft is not valid",
    why: "Files that were named as a draft cannot be read, or not put in force as they are.",
    next: "Mend what is listed; `meshdev check` says the same of files that are saved.",
  },
  MD8011: {
    title: "git does not know what it was asked",
    why: "A side of a comparison is no folder, so it was taken for a revision, and git has none of this name here, or is not installed.",
    next: "Name a folder, or a commit, branch or tag of the repository that holds the project.",
  },
} as const satisfies CodeTable<`MD8${string}`>;
