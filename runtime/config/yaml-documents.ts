/** A part of a file that is one YAML document, with its place in the file. */
export interface TextPart {
  readonly start: number;
  readonly text: string;
}

/**
 * Cuts a file where `kubectl` does: at lines of `---`, followed by nothing but a comment, when something stands before them. A document of
 * comments alone is one. A syntax error then stays in its own document.
 */
export function documentParts(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let start = 0;
  for (const found of text.matchAll(/^---[^\S\n]*(?:#[^\n]*)?(?:\n|$)/gm)) {
    if (found.index === start) continue;
    parts.push({ start, text: text.slice(start, found.index) });
    start = found.index + found[0].length;
  }
  if (start < text.length) parts.push({ start, text: text.slice(start) });
  return parts;
}
