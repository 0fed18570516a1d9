import type { CodeTable } from "./table.ts";

/** MD4xxx: programs: start, readiness, crashes. A number is never reused; a retired one stays, marked so. */
export const workloadCodes = {
  MD4001: {
    title: "A program could not be started",
    why: "The command was not found or may not be executed.",
    next: "Check `run` and `cwd` of the service in meshdev.yaml.",
  },
  MD4002: {
    title: "A program never listened",
    why: "It runs, but a declared port did not accept connections in time.",
    next: "Check that the program listens on the port that `port` declares; `ready: spawn` is for programs without one.",
  },
  MD4003: {
    title: "A program crashed",
    why: "It ended by itself and is started again after a pause that doubles each time.",
    next: "Read its last lines with `meshdev logs`.",
  },
  MD4004: {
    title: "Programs wait for each other",
    why: "Their `needs` form a circle or name something that does not exist, so none of them could ever start.",
    next: "Remove one of the `needs`.",
  },
  MD4005: {
    title: "A program goes past its sidecar",
    why: "The hook could not enter the program, so it listens or connects in the open. STRICT cannot be enforced for it.",
    next: "Run it with Node, or let it use the PORT and proxy variables.",
  },
  MD4006: {
    title: "A program listens on 127.0.0.1 only",
    why: "In a cluster a sidecar calls its program at the pod's own address, so that such a port cannot be reached.",
    next: "Let the program listen on 0.0.0.0. Here its pod passes calls on to 127.0.0.1 until then.",
  },
  MD4007: {
    title: "A watched file changes whenever the program runs",
    why: "The program seems to write a file that `watch` names, so each start led to the next. That file is passed over now; others are still watched.",
    next: "Exclude it with `!path` in `watch`, or let `meshdev restart` watch it again.",
  },
} as const satisfies CodeTable<`MD4${string}`>;
