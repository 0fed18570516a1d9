import type { Palette } from "../print/segment.ts";

/** How long a terminal may take to say what its background is. All that are in use answer at once; a far one after a round trip. */
const patienceMs = 500;

/** Asks for the background colour (OSC 11), and for the terminal's attributes, which every terminal answers, so that silence ends early. */
const question = "\u001b]11;?\u001b\\\u001b[c";

/** The streams of a terminal, as far as the question needs them. */
export interface Asked {
  readonly input: Pick<NodeJS.ReadStream, "isRaw" | "setRawMode" | "on" | "off" | "resume" | "pause" | "unshift">;
  readonly output: Pick<NodeJS.WriteStream, "write">;
}

/** The palette for the terminal's background; undefined when it does not say. What was typed meanwhile is put back. */
export function askBackground({ input, output }: Asked): Promise<Palette | undefined> {
  return new Promise((resolve) => {
    let heard = "";
    const wasRaw = input.isRaw;
    const onData = (chunk: Buffer | string): void => {
      heard += chunk.toString("latin1");
      if (attributes.test(heard)) done();
    };
    const done = (): void => {
      clearTimeout(timer);
      input.off("data", onData);
      input.pause();
      input.setRawMode(wasRaw);
      const typed = heard.replace(colour, "").replace(attributes, "");
      if (typed !== "") input.unshift(Buffer.from(typed, "latin1"));
      resolve(paletteOf(heard));
    };
    const timer = setTimeout(done, patienceMs);
    input.setRawMode(true);
    input.on("data", onData);
    input.resume();
    output.write(question);
  });
}

// oxlint-disable-next-line no-control-regex
const attributes = /\u001b\[\?[\d;]*c/;
// oxlint-disable-next-line no-control-regex
const colour = /\u001b\]11;rgba?:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})[^\u0007\u001b]*(?:\u0007|\u001b\\)/i;

/** By the perceived brightness of `rgb:ffff/ffff/ffff` (ITU-R BT.601). */
export function paletteOf(answer: string): Palette | undefined {
  const [, red, green, blue] = colour.exec(answer) ?? [];
  if (red === undefined || green === undefined || blue === undefined) return undefined;
  const share = (digits: string): number => Number.parseInt(digits, 16) / (16 ** digits.length - 1);
  return 0.299 * share(red) + 0.587 * share(green) + 0.114 * share(blue) > 0.5 ? "light" : "dark";
}
