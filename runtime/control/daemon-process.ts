import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { MeshError } from "../core/error.ts";
import type { SessionInfo } from "../model/session.ts";
import { createLineReader } from "./lines.ts";
import { startError, type DaemonOptions, type StartFailure, type StartReport } from "./start-report.ts";

export interface StartedDaemon {
  readonly session: SessionInfo;
  /** Never rejects. A failure names the exit code; the mesh is gone then. */
  readonly ready: Promise<{ readonly ok: true } | { readonly ok: false; readonly failure: StartFailure }>;
  /** Ends the start: without `detach` the mesh stops unless a client owns it by now. */
  readonly release: () => void;
}

const maxLine = 16 * 1024 * 1024;

/**
 * Starts a daemon and waits until it can be connected to. Until a client owns the mesh (or `ready` with `detach`), the life of this
 * process is its life: the pipe between them ends with either. Throws the daemon's own fault when it cannot start.
 */
export function startDaemonProcess(
  entry: string,
  options: DaemonOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<StartedDaemon> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry, JSON.stringify(options)], {
    env,
    // Its own session: neither Ctrl-C nor the end of the terminal reaches it, only this pipe.
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const pipe = child.stdio[3];
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString("utf8")).slice(-4_000);
  });

  return new Promise((resolve, reject) => {
    let started = false;
    let settleReady: (outcome: Awaited<StartedDaemon["ready"]>) => void = () => undefined;
    const ready = new Promise<Awaited<StartedDaemon["ready"]>>((settle) => {
      settleReady = settle;
    });
    const release = (): void => {
      if (pipe instanceof Duplex) pipe.destroy();
      child.stderr?.destroy();
      child.unref();
    };
    const fail = (failure: StartFailure): void => {
      if (started) settleReady({ ok: false, failure });
      else reject(startError(failure));
      release();
    };
    const ended = (why: string): void => {
      fail({
        code: "MD7004",
        message: `The daemon ${why} before it was ready`,
        problems: [],
        exit: 1,
        ...(complaint === "" ? {} : { hint: complaint.trim() }),
      });
    };
    const read = createLineReader(maxLine, (line) => {
      const report = parseReport(line);
      switch (report.type) {
        case "started":
          started = true;
          resolve({ session: report.session, ready, release });
          return;
        case "ready":
          settleReady({ ok: true });
          if (options.detach) release();
          return;
        case "failed":
          fail(report);
      }
    });
    child.once("error", (cause) => {
      reject(new MeshError("MD7004", "The daemon could not be started", { cause }));
    });
    child.once("exit", (code, signal) => {
      // The last report may still be in the pipe.
      setImmediate(() => {
        ended(signal === null ? `ended with code ${String(code)}` : `was killed by ${signal}`);
      });
    });
    if (pipe instanceof Duplex) {
      pipe.on("data", read);
      pipe.on("error", () => undefined);
    }
  });
}

function parseReport(line: string): StartReport {
  const report: StartReport = JSON.parse(line);
  return report;
}
