import { chooseLook, type ColorChoice, type Context, type Look } from "../context.ts";
import { glyphsFor, type Glyphs } from "./glyphs.ts";
import { paint, type Line } from "./segment.ts";

/** Where a command writes: data to stdout, everything else to stderr. */
export interface Printer {
  readonly look: Look;
  readonly glyphs: Glyphs;
  readonly lines: (lines: readonly Line[]) => void;
  readonly note: (lines: readonly Line[]) => void;
  /** One JSON document, indented. */
  readonly json: (value: unknown) => void;
  /** One object on one line. */
  readonly ndjson: (value: unknown) => void;
}

export function createPrinter(context: Context, color: ColorChoice): Printer {
  const look = chooseLook(context, color);
  const write = (to: (text: string) => void, lines: readonly Line[]): void => {
    if (lines.length > 0) to(`${lines.map((line) => paint(line, look.color)).join("\n")}\n`);
  };
  return {
    look,
    glyphs: glyphsFor(look.unicode),
    lines: (lines) => {
      write(context.out, lines);
    },
    note: (lines) => {
      write(context.err, lines);
    },
    json: (value) => {
      context.out(`${safeJson(JSON.stringify(value, undefined, 2))}\n`);
    },
    ndjson: (value) => {
      context.out(`${safeJson(JSON.stringify(value))}\n`);
    },
  };
}

/** JSON escapes C0 by itself; DEL, C1 and bidi marks may stand raw in strings, and a terminal would obey them. */
function safeJson(text: string): string {
  return text.replace(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
}

export interface OutputOptions {
  readonly output?: string;
  readonly json?: boolean;
  readonly color: ColorChoice;
}

export function chosenOutput(options: OutputOptions, fallback = "table"): string {
  return options.json === true && options.output === undefined ? "json" : (options.output ?? fallback);
}
