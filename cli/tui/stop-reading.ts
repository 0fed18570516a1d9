import type { ReadStream } from "node:tty";

/**
 * Makes Node leave to others what is typed from now on. Ink only stops listening when it gives the terminal back, and Node reads one
 * piece ahead: the first keys for an editor would be taken from it.
 */
export async function stopReading(input: ReadStream): Promise<void> {
  // In the turn in which its last listener goes, a stream counts as stopped already, although it goes on to read.
  await nextTick();
  input.pause();
  // Node itself stops the terminal's handle a tick later.
  await nextTick();
}

function nextTick(): Promise<void> {
  return new Promise((done) => {
    process.nextTick(done);
  });
}
