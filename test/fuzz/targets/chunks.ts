import { createBodyScanner, encodeChunks, payloadOf } from "../../../runtime/wire/http1/body.ts";
import { chunkedBody } from "../../../runtime/wire/http1/semantics.ts";
import { cut } from "../mutate.ts";
import type { Random } from "../random.ts";
import { numbers, tokens } from "../seeds.ts";
import { everyByte, must, same, type Target } from "../target.ts";

/** Chunked bodies: sizes, extensions, trailers, and every way to write them wrong. */
export const chunks: Target = {
  name: "chunks",
  weight: 15,
  run: (random) => {
    const input = Buffer.from(make(random), "latin1");
    const whole = read([input]);
    const pieces = random.oneIn(64) ? everyByte(input) : cut(input, random);
    const split = read(pieces);
    // How the chunks are drawn may differ with the pieces, what they carry may not.
    same({ ...split, wire: "" }, { ...whole, wire: "" }, `another reading in ${pieces.length} pieces`, input);
    for (const one of [whole, split]) {
      if (one.end !== "done") continue;
      const again = read([Buffer.from(one.wire, "latin1")]);
      same(again, { body: whole.body, wire: one.wire, left: "", end: "done" }, "own output is read differently", input);
    }
    must(whole.end !== "refused" || whole.left === "", "bytes are left of a refused body", input);
    return whole.end;
  },
};

function make(random: Random): string {
  let text = "";
  for (let left = random.below(4); left > 0; left -= 1) {
    const size = random.below(20);
    const digits = random.oneIn(8) ? random.pick(numbers) : "0".repeat(random.below(3)) + size.toString(16);
    const extension = random.oneIn(4)
      ? random.pick([";a", ";a=b", ' ;a="\r\n"', ";\n", " ", "\t", ";a=\0", ";" + "x".repeat(5000)])
      : "";
    const end = random.oneIn(12) ? random.pick(["\n", "\r", "\r\r\n", "", " \r\n"]) : "\r\n";
    text += `${random.oneIn(2) ? digits : digits.toUpperCase()}${extension}${end}${"d".repeat(size)}${random.oneIn(12) ? random.pick(tokens) : "\r\n"}`;
  }
  const trailers = random.oneIn(3)
    ? random.pick([
        "x: 1\r\n",
        "x : 1\r\n",
        "x: 1\n",
        "Content-Length: 3\r\n",
        " x: 1\r\n",
        "x\r\n",
        ":\r\n",
        "x: \0\r\n",
      ])
    : "";
  text += `${random.oneIn(6) ? random.pick(numbers) : "0"}\r\n${trailers}\r\n${random.oneIn(2) ? "GET" : ""}`;
  for (let left = random.below(3); left > 0; left -= 1) {
    const at = random.below(text.length + 1);
    text = text.slice(0, at) + (random.oneIn(2) ? random.pick(tokens) : "") + text.slice(at + random.below(2));
  }
  return text;
}

interface ReadChunks {
  readonly body: string;
  readonly wire: string;
  /** Bytes behind the body. */
  readonly left: string;
  readonly end: "done" | "more" | "refused";
}

function read(pieces: readonly Buffer[]): ReadChunks {
  const scanner = createBodyScanner(chunkedBody);
  let [body, wire, left] = ["", "", ""];
  let done = false;
  for (const piece of pieces) {
    if (done) {
      left += piece.toString("latin1");
      continue;
    }
    const part = scanner.scan(piece, 0);
    if (part.kind === "error") return { body: "", wire: "", left: "", end: "refused" };
    body += payloadOf(piece, part).toString("latin1");
    wire += encodeChunks(piece, 0, part).toString("latin1");
    done = part.done;
    left = piece.toString("latin1", part.end);
  }
  return { body, wire, left, end: done ? "done" : "more" };
}
