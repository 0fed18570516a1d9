import { EventEmitter } from "node:events";
import { Writable } from "node:stream";
import xterm from "@xterm/headless";

/** A terminal as a program sees it, drawn by a real emulator: what is asserted is the screen, not the bytes. */
export interface FakeTerminal {
  readonly stdout: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  /** Lines of the screen, without blanks at their ends. */
  readonly screen: () => Promise<readonly string[]>;
  /** Everything that was written. */
  readonly bytes: () => string;
  readonly type: (text: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  /** Whether the alternate screen is on. */
  readonly isAlternate: () => Promise<boolean>;
}

export function createTerminal(columns: number, rows: number): FakeTerminal {
  const emulator = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
  let written = "";
  const stdout = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written += chunk.toString("utf8");
        emulator.write(chunk, done);
      },
    }),
    { isTTY: true, columns, rows, getColorDepth: () => 4, hasColors: () => true },
  );
  const pending: string[] = [];
  const stdin = Object.assign(new EventEmitter(), {
    isTTY: true,
    isRaw: false,
    setRawMode: () => stdin,
    setEncoding: () => stdin,
    ref: () => stdin,
    unref: () => stdin,
    resume: () => stdin,
    pause: () => stdin,
    read: () => pending.shift() ?? null,
  });
  const settled = (): Promise<void> =>
    new Promise((resolve) => {
      emulator.write("", resolve);
    });
  return {
    // The programs under test use no more of the streams than is here.
    stdout: stdout as unknown as NodeJS.WriteStream,
    stdin: stdin as unknown as NodeJS.ReadStream,
    screen: async () => {
      await settled();
      const { active } = emulator.buffer;
      return Array.from(
        { length: emulator.rows },
        (_, at) => active.getLine(active.viewportY + at)?.translateToString(true) ?? "",
      );
    },
    bytes: () => written,
    type: (text) => {
      pending.push(text);
      stdin.emit("readable");
    },
    resize: (wide, high) => {
      emulator.resize(wide, high);
      Object.assign(stdout, { columns: wide, rows: high });
      stdout.emit("resize");
    },
    isAlternate: async () => {
      await settled();
      return emulator.buffer.active.type === "alternate";
    },
  };
}
