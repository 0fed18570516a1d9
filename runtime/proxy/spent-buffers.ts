import type { Socket } from "node:net";

/** Memory of what was passed on, given back as soon as the writer is done with it. */
export interface SpentBuffers {
  /** Call before more is written: everything that was added before and has left by now is freed. */
  readonly free: () => void;
  /** `chunk` was written, and nobody looks at it any more. */
  readonly add: (chunk: Buffer) => void;
}

/** Smaller ones are not worth the call. */
const worthIt = 4096;

/**
 * Node reads each time into a buffer of its own, of up to 64 KiB. Left to the collector, they pile up outside of the heap until V8 marks
 * the whole of it: that was more than half of the CPU of every byte passed on, and a hundred megabytes. A buffer's memory is its own to free.
 */
export function createSpentBuffers(to: Socket): SpentBuffers {
  let spent: ArrayBuffer[] = [];
  return {
    free: () => {
      if (spent.length === 0 || to.writableLength > 0) return;
      for (const buffer of spent) buffer.transfer(0);
      spent = [];
    },
    add: ({ buffer, length }) => {
      // A part of a larger buffer has neighbours.
      if (length >= worthIt && length === buffer.byteLength && buffer instanceof ArrayBuffer) spent.push(buffer);
    },
  };
}
