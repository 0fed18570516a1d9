import { parseRequestHead } from "../../../runtime/wire/http1/head.ts";
import { http2Preface, sniffHttp } from "../../../runtime/wire/sniff.ts";
import { composeRequest } from "../grammar.ts";
import { mutate } from "../mutate.ts";
import type { Random } from "../random.ts";
import { requestSeeds } from "../seeds.ts";
import { must, same, type Target } from "../target.ts";

/** What a plaintext connection is taken for: more bytes never change a verdict. */
export const sniffing: Target = {
  name: "sniffing",
  weight: 6,
  run: (random) => {
    const input = Buffer.from(make(random), "latin1");
    const whole = sniffHttp(input);
    const length = random.below(input.length + 1);
    const part = sniffHttp(input.subarray(0, length));
    if (part !== "need-more") same(part, whole, `another verdict after ${length} bytes`, input);
    const read = parseRequestHead(input, 0);
    // What HTTP/1.1 is for the codec, without blank lines before it, is so for the sniffer too.
    const [first] = input;
    if (read.kind === "head" && first !== 10 && first !== 13)
      same(whole, "http/1.1", "the codec reads what the sniffer does not take for HTTP", input);
    must(whole !== "h2c" || read.kind === "error", "a preface that is read as HTTP/1", input);
    return whole;
  },
};

function make(random: Random): string {
  const start = random.below(4);
  if (start === 0)
    return mutate([http2Preface.toString("latin1"), "PRI * HTTP/2.0\r\n", "PRINT /x HTTP/1.1\r\n\r\n"], random);
  if (start === 1)
    return mutate(
      [
        "SSH-2.0-x\r\n",
        "hello\n",
        "\x16\x03\x01\x02\x00\x01",
        "EHLO a\r\n",
        "{}\n",
        "*1\r\n$4\r\nPING\r\n",
        "GET x HTTP/1.0\r\n",
      ],
      random,
    );
  return start === 2 ? composeRequest(random) : mutate(requestSeeds, random);
}
