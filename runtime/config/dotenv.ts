import type { Problem } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import { interpolate, type Lookup } from "./interpolation.ts";
import { excerptAt, positionAt, sourceText } from "./source-text.ts";

export interface ReadVariables {
  readonly variables: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
}

/**
 * Reads a file of variables in Compose's dialect: `NAME=value` or `NAME: value`, `export` before it, comments, values in quotes over
 * several lines. In single quotes nothing is replaced, otherwise `${NAME}` of what surrounds the file or of what it said before.
 * A name alone takes its value from around. A file with a fault gives no variables at all.
 */
export function parseDotenv(file: SourceFile, around: Lookup): ReadVariables {
  const source = sourceText({ ...file, text: file.text.replaceAll("\r\n", "\n") });
  const { text } = source;
  const variables = new Map<string, string>();
  const problems: Problem[] = [];
  const lookup: Lookup = (name) => around(name) ?? variables.get(name);
  let at = 0;
  while (at < text.length) at = readLine(at);
  return { variables: problems.length > 0 ? {} : Object.fromEntries(variables), problems };

  /** Reads what begins at `start`; where the next line begins. */
  function readLine(start: number): number {
    const end = endOfLine(text, start);
    const line = text.slice(start, end);
    if (/^\s*(?:#.*)?$/.test(line)) return end + 1;
    const head = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)[^\S\n]*(?:[=:][^\S\n]*|$)/.exec(line);
    if (head === null) {
      wrong(start, end, "a line must be NAME=value", "write a comment with #");
      return end + 1;
    }
    const [whole, name = ""] = head;
    if (!/[=:]\s*$/.test(whole)) {
      const value = around(name);
      if (value !== undefined) variables.set(name, value);
      return end + 1;
    }
    return readValue(name, start + whole.length);
  }

  function readValue(name: string, start: number): number {
    const quote = text[start];
    const end = endOfLine(text, start);
    if (quote !== '"' && quote !== "'") {
      variables.set(
        name,
        replaced(
          text
            .slice(start, end)
            .replace(/(?:^|\s)#.*$/, "")
            .trim(),
          start,
          end,
        ),
      );
      return end + 1;
    }
    const close = closingQuote(text, start);
    if (close === -1) {
      wrong(start, end, `the value of ${name} has no closing ${quote}`, `end it with ${quote}`);
      return text.length;
    }
    const inner = text.slice(start + 1, close);
    variables.set(name, quote === "'" ? inner.replaceAll("\\'", "'") : replaced(unescape(inner), start, close));
    const rest = endOfLine(text, close);
    if (!/^\s*(?:#.*)?$/.test(text.slice(close + 1, rest)))
      wrong(close + 1, rest, `after the value of ${name} there is something else`, "put all of it in quotes");
    return rest + 1;
  }

  function replaced(value: string, from: number, to: number): string {
    const result = interpolate(value, lookup);
    for (const fault of result.faults) wrong(from, to, fault);
    return result.text;
  }

  function wrong(from: number, to: number, message: string, hint?: string): void {
    problems.push({
      code: "MD1013",
      severity: "error",
      message,
      ...(hint === undefined ? {} : { hint }),
      at: positionAt(source, from),
      excerpt: excerptAt(source, [from, to]),
    });
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

/** Index of the quote that ends the one at `open`; -1: none does. */
function closingQuote(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === text[open]) return at;
  }
  return -1;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$$" };

function unescape(text: string): string {
  return text.replace(/\\(.)/gs, (whole, letter: string) => escapes[letter] ?? whole);
}
