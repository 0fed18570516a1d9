import type { Door } from "./door.ts";

/** The runtime as commands see it, loaded when it is first needed. */
export async function openDoor(): Promise<Door> {
  throw new Error("the runtime is not connected yet");
}
