import { StringDecoder } from "node:string_decoder";

/** Longer lines are cut; the rest of the line is dropped. */
export const maxLineLength = 16_384;

export interface LineSplitter {
  readonly push: (chunk: Uint8Array) => void;
  /** Delivers what came after the last line end. */
  readonly end: () => void;
}

/** Bytes in, whole lines out; invalid UTF-8 becomes U+FFFD, and a line without end never grows. */
export function createLineSplitter(onLine: (line: string) => void): LineSplitter {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let cut = false;

  function emit(line: string): void {
    onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  function add(text: string): void {
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      const line = cut ? rest : rest + text.slice(from, end);
      emit(!cut && line.length > maxLineLength ? `${line.slice(0, maxLineLength)}…` : line);
      rest = "";
      cut = false;
      from = end + 1;
    }
    if (cut) return;
    rest += text.slice(from);
    if (rest.length <= maxLineLength) return;
    rest = `${rest.slice(0, maxLineLength)}…`;
    cut = true;
  }

  return {
    push: (chunk) => add(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))),
    end: () => {
      add(decoder.end());
      if (rest !== "") emit(rest);
      rest = "";
    },
  };
}
