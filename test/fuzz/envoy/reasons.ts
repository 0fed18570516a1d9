import type { Difference } from "./compare.ts";

interface Reason {
  readonly name: string;
  /** Why it stays. */
  readonly because: string;
  readonly explains: (difference: Difference, text: string) => boolean;
}

const waits = "0 DC downstream_remote_disconnect";
const isRefusal = (line: string | undefined): boolean => /^(?:400|426|431|501) /.test(line ?? "");
/** Ours refuses, and nothing of that request reaches the application that Envoy would not have sent it too. */
const refused = ({ theirs, mine }: Difference): boolean =>
  isRefusal(mine.log.at(-1)) && mine.app.length <= theirs.app.length;

/** Every way in which a sidecar of ours and Envoy 1.40 may differ on raw bytes. In each of them ours is the stricter one or the difference cannot be seen behind it. */
export const reasons: readonly Reason[] = [
  {
    name: "a bare CR is refused",
    because: "Envoy drops it or takes it for a blank; no hop may disagree about what ends a line.",
    explains: (difference, text) => /\r(?!\n)/.test(text) && refused(difference),
  },
  {
    name: "refused or dropped before the head is whole",
    because:
      "Envoy looks at header lines when the last of them is here, and logs a caller that leaves before; ours answers the fault at once and logs no half request.",
    explains: ({ theirs, mine }) => {
      const [envoy, ours] = [theirs.log.filter((line) => line !== waits), mine.log.filter((line) => line !== waits)];
      const more = isRefusal(ours.at(-1)) && ours.length === envoy.length + 1;
      return (
        theirs.log.includes(waits) &&
        JSON.stringify(more ? ours.slice(0, -1) : ours) === JSON.stringify(envoy) &&
        JSON.stringify(mine.app) === JSON.stringify(theirs.app)
      );
    },
  },
  {
    name: "two faults, one told",
    because:
      "Envoy finds a control byte anywhere in what has come before it looks at the first line; ours goes line by line, so that the answer does not depend on how the bytes were cut.",
    explains: ({ theirs, mine }, text) =>
      theirs.caller === mine.caller &&
      /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text) &&
      theirs.log.length === mine.log.length,
  },
  {
    name: "a request line that ends in HTTP/1.1 without a blank before it",
    because: "Envoy reads HTTP/0.9 and yet takes it for 1.1; ours says 426.",
    explains: (difference, text) =>
      /\S(?<! )HTTP\/1\.1[ \t]*\r?\n|^\S+[ \t]+\S+\r?\n/m.test(text) && refused(difference),
  },
  {
    name: "a length with needless zeros is written without them",
    because: "the same number for every hop.",
    explains: ({ theirs, mine }, text) =>
      /content-length:[ \t]*0\d/i.test(text) &&
      JSON.stringify(theirs.app).replaceAll(/content-length: 0+(?=\d)/g, "content-length: ") ===
        JSON.stringify(mine.app),
  },
  {
    name: "a length beyond 2^53 is refused",
    because: "it could not be counted exactly.",
    explains: (difference, text) => /content-length:[ \t]*\d{16}/i.test(text) && refused(difference),
  },
  {
    name: "chunks are read strictly",
    because:
      "Envoy skips to the next line behind a chunk and passes control bytes in extensions; ours wants CRLF, hexadecimal sizes up to 2^53 and printable extensions.",
    explains: (difference, text) =>
      /transfer-encoding:/i.test(text) &&
      difference.mine.log.at(-1)?.endsWith("http1.codec_error") === true &&
      difference.mine.app.length <= difference.theirs.app.length,
  },
  {
    name: "a coding named twice is refused",
    because: "Envoy joins the lines, and forgets the chunks where the second is empty.",
    explains: (difference, text) => (text.match(/\ntransfer-encoding:/gi)?.length ?? 0) > 1 && refused(difference),
  },
  {
    name: "Connection: content-length",
    because: "Envoy drops the length and sends chunks; ours keeps the framing that it counted by.",
    explains: ({ theirs }, text) =>
      /\nconnection:[^\n]*content-length/i.test(text) &&
      JSON.stringify(theirs.app).includes("transfer-encoding: chunked"),
  },
  {
    name: "bytes behind a request that asks for a tunnel",
    because:
      "Envoy holds a body back until the tunnel stands and never reads a length there; ours frames it as the head says. Both close the connection.",
    explains: (_, text) =>
      /\nupgrade:/i.test(text) &&
      /\nconnection:[^\n]*upgrade/i.test(text) &&
      /\n(?:content-length|transfer-encoding):/i.test(text),
  },
];
