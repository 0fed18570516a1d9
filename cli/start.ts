import { readPackageInfo } from "./package-info.ts";

/** The process around the command line: fast paths, signals, streams, exit code. */
export async function start(): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    process.stdout.write(`meshdev ${readPackageInfo().version}\n`);
    return;
  }
  const { run } = await import("./main.ts");
  const stop = new AbortController();
  let first = 0;
  const endings: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
  for (const [signal, code] of Object.entries(endings)) {
    process.on(signal, () => {
      // A second signal means: now. One that comes through two processes is still one.
      if (stop.signal.aborted && performance.now() - first > 500) process.exit(code);
      if (!stop.signal.aborted) first = performance.now();
      stop.abort(code);
    });
  }
  watchParent(stop);
  // `meshdev events | head`: a reader that left is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    stop.abort(0);
  });
  process.exitCode = await run(argv, {
    cwd: process.cwd(),
    env: process.env,
    platform: process.platform,
    out: (text) => {
      if (!process.stdout.destroyed) process.stdout.write(text);
    },
    err: (text) => {
      process.stderr.write(text);
    },
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    isTerminal: process.stdout.isTTY && process.stdin.isTTY,
    signal: stop.signal,
  });
}

/** Started by an older Node in front of us (pinned-node.ts): end when that one is killed. */
function watchParent(stop: AbortController): void {
  if (process.channel === undefined) return;
  process.on("disconnect", () => {
    stop.abort(143);
  });
  process.channel.unref();
}
