/** Marks that exist twice: for UTF-8 terminals and for those that only know ASCII. */
export interface Glyphs {
  readonly arrow: string;
  readonly ellipsis: string;
  readonly bar: string;
  readonly rule: string;
  readonly corner: string;
  readonly cursor: string;
  readonly held: string;
  readonly missed: string;
  readonly dot: string;
}

export const unicodeGlyphs: Glyphs = {
  arrow: "→",
  ellipsis: "…",
  bar: "│",
  rule: "─",
  corner: "┼",
  cursor: "▶",
  held: "✓",
  missed: "✗",
  dot: "·",
};
export const asciiGlyphs: Glyphs = {
  arrow: "->",
  ellipsis: "~",
  bar: "|",
  rule: "-",
  corner: "+",
  cursor: ">",
  held: "+",
  missed: "x",
  dot: "-",
};

/** Read aloud, an arrow is noise. */
export const spokenGlyphs: Glyphs = { ...asciiGlyphs, arrow: "to" };

export function glyphsFor(unicode: boolean): Glyphs {
  return unicode ? unicodeGlyphs : asciiGlyphs;
}
