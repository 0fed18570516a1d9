// Loaded only by a Node that is too old for the rest, hence old syntax and bare module names.
import { spawn } from "child_process";
import { accessSync, constants } from "fs";
import { fileURLToPath } from "url";

/** In a checkout the dev dependency `node` is new enough: hand over to it. Elsewhere say what is needed, in one sentence. */
export function rerun(wanted: string): void {
  const node = pinnedNode();
  if (node === undefined) {
    process.stderr.write(
      "meshdev needs Node " +
        wanted +
        " or newer; this is " +
        process.version +
        ". Install a newer Node and run it again.\n",
    );
    process.exitCode = 8;
    return;
  }
  // The channel tells the inner process when this one is killed, so that nothing is left behind.
  const child = spawn(node, [process.argv[1] || "", ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) {
    // A terminal sends SIGINT to both of us; the inner process takes two that come together as one.
    process.on(signal, () => {
      child.kill(signal);
    });
  }
  child.on("error", (error) => {
    process.stderr.write("meshdev cannot run " + node + ": " + error.message + "\n");
    process.exitCode = 8;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code === null ? (signal === "SIGTERM" ? 143 : 1) : code;
  });
}

function pinnedNode(): string | undefined {
  for (const up of ["../../", "../"]) {
    const path = fileURLToPath(new URL(up + "node_modules/.bin/node", import.meta.url));
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here: an installed meshdev has no development dependencies.
    }
  }
  return undefined;
}
