import type { Door } from "./door.ts";

/** The runtime as commands see it, loaded when it is first needed. */
export async function openDoor(): Promise<Door> {
  const runtime = await import("../runtime/index.ts");
  const missing = (): never => {
    throw new Error("the runtime has no such function yet");
  };
  return { startDaemon: runtime.startDaemon, connect: runtime.connect, findSession: runtime.findSession, loadProject: runtime.loadProject, predict: missing, schema: runtime.schema };
}
