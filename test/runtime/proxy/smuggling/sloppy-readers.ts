/**
 * Readers as they stand behind proxies in the wild, each with a sloppiness that smuggling lives from. What a sidecar sends
 * must be read alike by all of them. (One that takes an underscore for a hyphen is lost behind Envoy, too: Istio lets such names pass.)
 */
interface Sloppiness {
  readonly name: string;
  /** Takes a bare LF for the end of a line. */
  readonly bareLf: boolean;
  /** Which of two framings it believes. */
  readonly believes: "length" | "chunks";
  /** How it looks for chunks. */
  readonly chunked: RegExp;
}

export const readers: readonly Sloppiness[] = [
  { name: "plain", bareLf: false, believes: "chunks", chunked: /^transfer-encoding: chunked$/im },
  { name: "bare LF", bareLf: true, believes: "chunks", chunked: /^transfer-encoding:\s*chunked\s*$/im },
  { name: "length first", bareLf: true, believes: "length", chunked: /^transfer-encoding\s*:/im },
  { name: "anything chunked", bareLf: true, believes: "chunks", chunked: /^\s*transfer-encoding\s*:.*chunked/im },
];

/** Method, target and body of every request in the stream, as this reader finds them. */
export function readSloppily(stream: string, reader: Sloppiness): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < stream.length;) {
    const rest = stream.slice(at);
    const end = (reader.bareLf ? /\r?\n\r?\n/ : /\r\n\r\n/).exec(rest);
    if (end === null) return [...found, `cut short: ${rest}`];
    const head = rest.slice(0, end.index).replaceAll("\r", "");
    const from = at + end.index + end[0].length;
    const length = /^content-length\s*:\s*(\d+)/im.exec(head)?.[1];
    const chunked = reader.chunked.test(head) && (reader.believes === "chunks" || length === undefined);
    const body = chunked
      ? readChunks(stream, from)
      : { text: stream.slice(from, from + Number(length ?? 0)), next: from + Number(length ?? 0) };
    const [method = "", target = ""] = head.split(/[ \t]+/);
    found.push(`${method} ${target}${body.text === "" ? "" : ` ${body.text}`}`);
    at = body.next;
  }
  return found;
}

function readChunks(stream: string, from: number): { readonly text: string; readonly next: number } {
  let text = "";
  for (let at = from; ;) {
    const end = stream.indexOf("\n", at);
    const size = Number.parseInt(stream.slice(at, end), 16);
    if (end < 0 || Number.isNaN(size)) return { text: `${text} cut short`, next: stream.length };
    text += stream.slice(end + 1, end + 1 + size);
    at = stream.indexOf("\n", end + 1 + size) + 1;
    if (at === 0) return { text: `${text} cut short`, next: stream.length };
    if (size === 0) return { text, next: at };
  }
}
