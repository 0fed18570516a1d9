import { RE2JS } from "re2js";

/** The only place in this folder that knows the RE2 library. Patterns were validated when the resource was accepted. */

/** RE2 full match, as Istio's `regex` means it (spec traffic 2.2.1). A pattern that RE2 refuses matches nothing. */
export function bindFullMatch(source: string): (text: string) => boolean {
  const pattern = compile(source);
  return pattern === undefined ? () => false : (text) => pattern.matches(text);
}

/** Replaces every match; `\0`…`\9` are the whole match and its groups, an unset group is empty (errata traffic C2). */
export function bindReplaceAll(source: string, substitution: string): (text: string) => string {
  const pattern = compile(source);
  if (pattern === undefined) return (text) => text;
  const parts = parseSubstitution(substitution);
  return (text) => {
    const matcher = pattern.matcher(text);
    let out = "";
    let from = 0;
    while (matcher.find()) {
      out += text.slice(from, matcher.start());
      for (const part of parts) {
        if (typeof part === "string") out += part;
        else if (part <= matcher.groupCount()) out += matcher.group(part) ?? "";
      }
      from = matcher.end();
    }
    return out + text.slice(from);
  };
}

function compile(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(source);
  } catch {
    return undefined;
  }
}

/** `\\` is one backslash, `\n` group n. */
function parseSubstitution(text: string): readonly (string | number)[] {
  const parts: (string | number)[] = [];
  let literal = "";
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    const next = text.charAt(i + 1);
    if (char === "\\" && next >= "0" && next <= "9") {
      if (literal !== "") parts.push(literal);
      literal = "";
      parts.push(Number(next));
      i++;
    } else if (char === "\\" && next === "\\") {
      literal += "\\";
      i++;
    } else literal += char;
  }
  if (literal !== "") parts.push(literal);
  return parts;
}
