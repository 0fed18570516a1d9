/** The text of a filter and how far it has been read. */
export interface Reader {
  readonly text: string;
  at: number;
}

/** Carries a position out of the parser's recursion; never leaves it. */
export class FilterFault extends Error {
  readonly at: number;
  readonly suggestions: readonly string[];
  constructor(message: string, at: number, suggestions: readonly string[] = []) {
    super(message);
    this.at = at;
    this.suggestions = suggestions;
  }
}

export function peek(reader: Reader): string | undefined {
  return reader.text[reader.at];
}

export function skipSpace(reader: Reader): void {
  while (/\s/.test(peek(reader) ?? "")) reader.at++;
}

/** What is inside of parentheses, which must be closed. */
export function readGroup<T>(reader: Reader, inner: () => T): T {
  const open = reader.at++;
  const result = inner();
  skipSpace(reader);
  if (peek(reader) !== ")") throw new FilterFault("this ( is never closed", open);
  reader.at++;
  return result;
}

/** `/re/` when a closing slash ends the word; a path such as `/api/data` is none. */
export function readExpression(reader: Reader): RegExp | undefined {
  const found = /^\/((?:[^/\\]|\\.)+)\/(?=[\s|)]|$)/.exec(reader.text.slice(reader.at));
  if (found?.[1] === undefined) return undefined;
  try {
    const expression = new RegExp(found[1], "i");
    reader.at += found[0].length;
    return expression;
  } catch {
    throw new FilterFault("this regular expression is not valid", reader.at);
  }
}

/** A word up to a space or an operator, or what stands between quotes. */
export function readWord(
  reader: Reader,
  missing = "something to look for is missing here",
): { readonly value: string; readonly quoted: boolean } {
  const start = reader.at;
  const quote = peek(reader);
  if (quote === '"' || quote === "'") {
    const end = reader.text.indexOf(quote, start + 1);
    if (end === -1) throw new FilterFault("this quote is never closed", start);
    reader.at = end + 1;
    return { value: reader.text.slice(start + 1, end), quoted: true };
  }
  const word = /^[^\s|()]+/.exec(reader.text.slice(start))?.[0];
  if (word === undefined) throw new FilterFault(missing, start);
  reader.at += word.length;
  return { value: word, quoted: false };
}
