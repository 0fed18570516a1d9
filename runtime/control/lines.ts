import { StringDecoder } from "node:string_decoder";

/** Cuts a byte stream into lines; `limit` characters without an end of line are a broken peer and give an error. */
export function createLineReader(limit: number, onLine: (line: string) => void): (chunk: Buffer) => "ok" | "too-long" {
  const decoder = new StringDecoder("utf8");
  // Pieces are joined once per line: a long line that comes in many chunks must not be copied for each of them.
  let pieces: string[] = [];
  let length = 0;
  return (chunk) => {
    let text = decoder.write(chunk);
    for (;;) {
      const end = text.indexOf("\n");
      if (end === -1) break;
      const line = pieces.length === 0 ? text.slice(0, end) : pieces.join("") + text.slice(0, end);
      pieces = [];
      length = 0;
      text = text.slice(end + 1);
      if (line !== "") onLine(line);
    }
    if (text !== "") {
      pieces.push(text);
      length += text.length;
    }
    return length > limit ? "too-long" : "ok";
  };
}
