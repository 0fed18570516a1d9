import { spawn, type ChildProcess } from "node:child_process";
import { Duplex } from "node:stream";
import type { Clock } from "../core/clock.ts";
import type { DrainMode, FromDataPlane, ToDataPlane } from "../model/dataplane.ts";
import { parseDataPlaneMessage } from "./data-plane-message.ts";
import { packSections } from "../wire/sections.ts";
import { createLineReader } from "./lines.ts";

/** Milliseconds. */
export const heartbeat = {
  every: 75,
  /** Silence after which the system is asked whether the process is stopped. */
  suspect: 150,
  /** Silence of a process that runs: busy, or waiting for a processor. */
  dead: 4_000,
  /** A process that says nothing after its start. */
  start: 10_000,
} as const;

/** Starts that failed in a row, after which each further one waits. */
const quickStarts = 3;
const slowRestartMs = 1_000;
const maxLine = 64 * 1024 * 1024;

export interface DataPlaneLinkOptions {
  /** File of the data plane's program. */
  readonly entry: string;
  readonly drain: DrainMode;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** File descriptor for its output. */
  readonly log: number | "ignore";
  readonly clock: Clock;
  /** The mesh namespace that it runs in; undefined: our own. */
  readonly inside?: MeshNamespace | undefined;
  readonly isStopped: (pid: number) => boolean | undefined;
  /** A process exists, before it has said anything: for whoever must clean up after us. */
  readonly onSpawn: (pid: number) => void;
}

/** Where a data plane runs instead of here, and how it gets sockets of our network. */
export interface MeshNamespace {
  /** Commands that enter it and become what follows, with listeners as file descriptors from 5. */
  readonly command: readonly string[];
  /** The namespace's own address. */
  readonly gateway: string;
  /** A process was started that may ask for sockets. */
  readonly onChild: (child: ChildProcess) => void;
}

export interface DataPlaneHandlers {
  /** A process said hello and knows nothing yet. */
  readonly onStarted: (pid: number) => void;
  readonly onLost: (pid: number, reason: string) => void;
  readonly onMessage: (message: FromDataPlane) => void;
}

/** The daemon's end of the conversation with the data plane; replaces a process that died or hangs, until it is closed. */
export interface DataPlaneLink extends AsyncDisposable {
  /** Begins to tell; a process that said hello before is told of at once. The process starts while there is nobody to hear it. */
  readonly attach: (handlers: DataPlaneHandlers) => void;
  /** Sends when a process is there that said hello, else says false; a new process gets nothing of what was sent before it. */
  readonly send: (message: ToDataPlane) => boolean;
  readonly pid: () => number | undefined;
  readonly close: () => Promise<void>;
}

/**
 * A young generation of 16 MB from the start: requests leave nothing that lives long, so that a larger one is collected less often at no
 * greater cost, and it never grows beyond. One thread collects it: what others save in time they cost in CPU, a tenth of a small request.
 * Nothing is put among the old from the start: V8 would do so with what outlived a few busy collections, requests among it, and through
 * each that is over it would keep all that it ever had. In half of all runs that doubled the CPU of a request over HTTP/2.
 */
const nodeOptions = [
  "--disable-warning=ExperimentalWarning",
  "--min-semi-space-size=16",
  "--max-semi-space-size=16",
  "--single-threaded-gc",
  "--no-allocation-site-pretenuring",
];

interface Life {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly pipe: Duplex;
  greeted: boolean;
  lost: boolean;
  heard: number;
}

export function openDataPlane(options: DataPlaneLinkOptions): DataPlaneLink {
  const { clock } = options;
  let handlers: DataPlaneHandlers | undefined;
  let life: Life | undefined;
  let closed = false;
  let failedStarts = 0;
  let lastBeat = clock.monotonic();
  let token = 0;
  let cancelBeat = (): void => undefined;
  let cancelStart = (): void => undefined;

  function start(): void {
    const { inside } = options;
    const node = [process.execPath, ...nodeOptions, options.entry, options.drain];
    const [file = "", ...args] = inside === undefined ? node : [...inside.command, ...node, inside.gateway];
    const child = spawn(file, args, {
      env: options.env,
      stdio: ["ignore", options.log, options.log, "pipe", ...(inside === undefined ? [] : (["ipc"] as const))],
      // Ctrl-C on the terminal is for the daemon to hear: it stops apps first.
      detached: true,
    });
    const pipe = child.stdio[3];
    const { pid } = child;
    if (pid === undefined || !(pipe instanceof Duplex)) {
      child.on("error", (error) => {
        failedStarts++;
        handlers?.onLost(0, `could not be started: ${error.message}`);
        startLater();
      });
      return;
    }
    inside?.onChild(child);
    const own: Life = { child, pid, pipe, greeted: false, lost: false, heard: clock.monotonic() };
    life = own;
    options.onSpawn(pid);
    const read = createLineReader(maxLine, (line) => {
      hear(own, line);
    });
    pipe.on("data", (chunk: Buffer) => {
      if (!own.lost && read(chunk) === "too-long") lose(own, "sent a line without end");
    });
    pipe.on("error", () => {
      // Its exit follows and says more.
    });
    child.on("error", () => {
      // Neither kill nor spawn can fail in a way that `exit` does not report.
    });
    child.on("exit", (code, signal) => {
      lose(own, signal === null ? `exited with code ${String(code)}` : `was killed by ${signal}`);
    });
  }

  function hear(own: Life, line: string): void {
    if (own.lost) return;
    own.heard = clock.monotonic();
    let message: FromDataPlane | undefined;
    try {
      message = parseDataPlaneMessage(line);
    } catch {
      lose(own, "sent a broken line");
      return;
    }
    if (message === undefined) return;
    if (message.type === "hello") {
      own.greeted = true;
      failedStarts = 0;
      handlers?.onStarted(own.pid);
    } else if (message.type !== "pong" || message.token < 0) {
      // Heartbeats count upwards from 1; whoever else asks for a sign of life uses negative numbers.
      handlers?.onMessage(message);
    }
  }

  function lose(own: Life, reason: string): void {
    if (own.lost) return;
    own.lost = true;
    // A stopped process dies of this too, and its sockets close before its exit is reported.
    own.child.kill("SIGKILL");
    own.pipe.destroy();
    if (life === own) life = undefined;
    if (closed) return;
    if (!own.greeted) failedStarts++;
    handlers?.onLost(own.pid, reason);
    if (own.child.exitCode === null && own.child.signalCode === null) own.child.once("exit", startLater);
    else startLater();
  }

  function startLater(): void {
    cancelStart();
    if (closed) return;
    if (failedStarts < quickStarts) start();
    else cancelStart = clock.after(slowRestartMs, start);
  }

  function beat(): void {
    const now = clock.monotonic();
    // When this very process was held up, silence proves nothing about the other.
    const heldUp = now - lastBeat > 2 * heartbeat.every;
    lastBeat = now;
    const own = life;
    if (own !== undefined && heldUp) own.heard = Math.max(own.heard, now - heartbeat.every);
    if (own !== undefined && !heldUp) {
      const silence = now - own.heard;
      if (silence > heartbeat.suspect && options.isStopped(own.pid) === true) lose(own, "was stopped by a signal");
      else if (silence > (own.greeted ? heartbeat.dead : heartbeat.start))
        lose(own, `was silent for ${Math.round(silence)} ms`);
      else if (own.greeted) write(own, { type: "ping", token: ++token });
    }
    cancelBeat = clock.after(heartbeat.every, beat);
  }

  function write(own: Life, message: ToDataPlane): void {
    own.pipe.write(`${JSON.stringify(packSections(message))}\n`);
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    cancelBeat();
    cancelStart();
    const own = life;
    if (own === undefined) return;
    const gone = new Promise<void>((resolve) => {
      own.child.once("exit", () => {
        resolve();
      });
    });
    own.pipe.end();
    const cancel = clock.after(500, () => {
      own.child.kill("SIGKILL");
    });
    await gone;
    cancel();
  }

  start();
  cancelBeat = clock.after(heartbeat.every, beat);
  return {
    attach: (given) => {
      handlers = given;
      if (life?.greeted === true) given.onStarted(life.pid);
    },
    send: (message) => {
      if (life?.greeted !== true) return false;
      write(life, message);
      return true;
    },
    pid: () => life?.pid,
    close,
    [Symbol.asyncDispose]: close,
  };
}
