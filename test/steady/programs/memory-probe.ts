import { appendFileSync } from "node:fs";
import { basename, join } from "node:path";
import { writeHeapSnapshot } from "node:v8";

// Loaded with `--import` into daemon and data plane: appends what the heap holds once a second, writes a snapshot on SIGUSR2.
const folder = process.env["STEADY_MEMORY"];
const role = basename(process.argv[1] ?? "", ".js");
if (folder !== undefined && (role === "daemon" || role === "dataplane")) {
  const file = join(folder, `${process.pid}.heap`);
  setInterval(() => {
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    appendFileSync(file, `${heapUsed} ${external} ${arrayBuffers}\n`);
  }, 1000).unref();
  process.on("SIGUSR2", () => {
    writeHeapSnapshot(join(folder, `${role}-${process.pid}-${Date.now()}.heapsnapshot`));
  });
}
