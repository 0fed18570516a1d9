import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { promisify } from "node:util";
import { openEngine } from "../../runtime/host/containers/engine-client.ts";

/** Whether tests with containers can run here; why not is printed. With MESHDEV_DOCKER_TESTS=require they must. */
export async function engineGate(): Promise<{ readonly skip: string | undefined }> {
  try {
    await openEngine({ env: process.env, home: homedir() });
    await promisify(execFile)("sh", ["-c", "command -v busybox && command -v docker"]);
    return { skip: undefined };
  } catch (error) {
    const skip = error instanceof Error ? error.message.trim() : String(error);
    if (process.env["MESHDEV_DOCKER_TESTS"] === "require") throw error;
    console.log(`container tests are skipped: ${skip}`);
    return { skip };
  }
}
