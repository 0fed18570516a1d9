import type { Socket } from "node:net";

/** One JSON value per line, both ways, over one stream. */
export interface LineChannel {
  readonly send: (value: unknown) => void;
  /** Bytes that wait because the other side does not read. */
  readonly backlog: () => number;
}

/** A line longer than this is a fault of the other side: the channel ends. */
const maxLine = 256 * 1024 * 1024;

export function openLineChannel(
  stream: Socket,
  onValue: (value: unknown) => void,
  onEnd: (error: Error | undefined) => void,
): LineChannel {
  let parts: Buffer[] = [];
  let size = 0;
  let ended = false;

  function finish(error: Error | undefined): void {
    if (ended) return;
    ended = true;
    onEnd(error);
  }

  function take(line: Buffer): void {
    if (line.length === 0) return;
    let value: unknown;
    try {
      value = JSON.parse(line.toString("utf8"));
    } catch (error) {
      finish(new Error("a line is not JSON", { cause: error }));
      return;
    }
    onValue(value);
  }

  stream.on("data", (chunk: Buffer) => {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(10, from);
      if (end < 0 || ended) break;
      const piece = chunk.subarray(from, end);
      const line = parts.length === 0 ? piece : Buffer.concat([...parts, piece]);
      parts = [];
      size = 0;
      from = end + 1;
      take(line);
    }
    if (from < chunk.length && !ended) {
      parts.push(chunk.subarray(from));
      size += chunk.length - from;
      if (size > maxLine) finish(new Error("a line is too long"));
    }
  });
  stream.on("end", () => {
    finish(undefined);
  });
  stream.on("close", () => {
    finish(undefined);
  });
  stream.on("error", (error) => {
    finish(error);
  });

  return {
    send: (value) => {
      if (!ended && stream.writable) stream.write(`${JSON.stringify(value)}\n`);
    },
    backlog: () => stream.writableLength,
  };
}
