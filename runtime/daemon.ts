import { appendFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { startFailure, type DaemonOptions, type StartReport } from "./control/start-report.ts";
import { startMesh, type RunningMesh } from "./mesh.ts";

/** Time for a client to connect as owner after the pipe to its parent ended, in milliseconds. */
const handoverMs = 300;
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
  let owners = 0;
  let owned = false;
  let detached = false;
  let isReady = false;
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

  function ownerIsGone(): void {
    if (owners === 0 && !detached) end("its owner is gone", 0, true);
  }

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      end(signal, 0, false);
    });
  }
  process.on("uncaughtException", (error) => {
    log(`bug: ${describe(error)}`);
    end("an error inside meshdev", 1, true);
  });

  parent.once("close", () => {
    if (owned || (options.detach && isReady)) return;
    setTimeout(() => {
      if (!owned) ownerIsGone();
    }, handoverMs);
  });

  try {
    mesh = await startMesh({
      options,
      env: process.env,
      log,
      onOwner: () => {
        owners++;
        owned = true;
        return () => {
          owners--;
          ownerIsGone();
        };
      },
      onDetach: () => {
        detached = true;
      },
      onEnd: (reason) => {
        setTimeout(() => {
          end(reason, 0, false);
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
    isReady = true;
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
