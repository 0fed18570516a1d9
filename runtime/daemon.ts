import { appendFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { createOwnership } from "./control/ownership.ts";
import { startFailure, type DaemonOptions, type StartReport } from "./control/start-report.ts";
import { systemClock } from "./core/clock.ts";
import { startMesh, type RunningMesh } from "./mesh.ts";

/** Time for the answer to `mesh.stop` to reach who asked. */
const answerMs = 20;

await runDaemon(parseOptions(process.argv[2]));

/** The daemon of one mesh: argument 1 holds its options, file descriptor 3 leads to whoever started it. */
async function runDaemon(options: DaemonOptions): Promise<void> {
  const parent = new Socket({ fd: 3, readable: true, writable: true });
  parent.on("error", () => undefined);
  parent.resume();
  process.stderr.on("error", () => undefined);

  let mesh: RunningMesh | undefined;
  let logFile: string | undefined;
  let ending: Promise<void> | undefined;

  function log(text: string): void {
    const line = `${new Date().toISOString()} ${text}\n`;
    try {
      if (logFile === undefined) process.stderr.write(line);
      else appendFileSync(logFile, line, { mode: 0o600 });
    } catch {
      // A full disk must not end the mesh.
    }
  }

  function tell(report: StartReport): void {
    if (!parent.destroyed) parent.write(`${JSON.stringify(report)}\n`);
  }

  function end(reason: string, code: number, hurry: boolean): void {
    log(`ends: ${reason}`);
    ending ??= finish(code, hurry);
  }

  async function finish(code: number, hurry: boolean): Promise<void> {
    try {
      await mesh?.stop(hurry);
    } catch (error) {
      log(describe(error));
    }
    parent.end();
    process.exitCode = code;
    // Whatever still keeps the loop busy has nothing left to do.
    setTimeout(() => process.exit(code), 50);
  }

  const ownership = createOwnership({
    clock: systemClock,
    runsAlone: options.detach,
    onAbandoned: () => {
      end("its owner is gone", 0, true);
    },
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      end(signal, 0, false);
    });
  }
  process.on("uncaughtException", (error) => {
    log(`bug: ${describe(error)}`);
    end("an error inside meshdev", 1, true);
  });

  parent.once("close", ownership.starterIsGone);

  try {
    mesh = await startMesh({
      options,
      env: process.env,
      log,
      onOwner: ownership.join,
      onDetach: ownership.detach,
      onEnd: (reason, hurry = false) => {
        setTimeout(() => {
          end(reason, 0, hurry);
        }, answerMs);
      },
    });
  } catch (error) {
    tell({ type: "failed", ...startFailure(error) });
    parent.end();
    process.exitCode = startFailure(error).exit;
    return;
  }
  const { session } = mesh;
  logFile = join(session.paths.root, "daemon.log");
  tell({
    type: "started",
    session: {
      id: session.id,
      directory: session.record.directory,
      folder: session.paths.root,
      socket: session.paths.control,
      pid: process.pid,
      startedAt: session.record.startedAt,
    },
  });
  try {
    await mesh.ready;
    ownership.ready();
    tell({ type: "ready" });
  } catch (error) {
    // Somebody who looks on may mend it; nobody does when it runs on its own.
    if (!options.detach) return;
    tell({ type: "failed", ...startFailure(error) });
    end("a program did not start", startFailure(error).exit, false);
  }
}

function parseOptions(text: string | undefined): DaemonOptions {
  const options: DaemonOptions = JSON.parse(text ?? "");
  return options;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
