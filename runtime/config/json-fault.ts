/** Why Go's encoding/json does not read a text that should be one JSON value, in its words; undefined when it does. */
export function jsonFault(text: string): string | undefined {
  const read = readValue(text, 0);
  if ("fault" in read) return read.fault;
  const rest = skipSpace(text, read.end);
  return rest === text.length ? undefined : `invalid character ${shown(text, rest)} after top-level value`;
}

/** The first JSON value of a text as Go's stream decoder reads it: what follows does not count. */
export function firstJson(text: string): { readonly value: unknown } | { readonly fault: string } {
  if (skipSpace(text, 0) === text.length) return { fault: "EOF" };
  const read = readValue(text, 0);
  if ("fault" in read) return { fault: read.fault === ended ? "unexpected EOF" : read.fault };
  const value: unknown = JSON.parse(text.slice(0, read.end));
  return { value };
}

type Read = { readonly end: number } | { readonly fault: string };

const ended = "unexpected end of JSON input";
const deepest = 10_000;

function readValue(text: string, start: number, depth = 0): Read {
  const at = skipSpace(text, start);
  const character = text[at];
  if (character === undefined) return { fault: ended };
  if (depth > deepest) return { fault: "exceeded max depth" };
  if (character === "{") return readObject(text, at + 1, depth);
  if (character === "[") return readArray(text, at + 1, depth);
  if (character === '"') return readString(text, at + 1);
  if (character === "-" || /\d/.test(character)) return readNumber(text, at);
  const literal = ["true", "false", "null"].find((word) => word.startsWith(character));
  return literal === undefined ? invalid(text, at, "looking for beginning of value") : readLiteral(text, at, literal);
}

function readObject(text: string, start: number, depth: number): Read {
  let at = skipSpace(text, start);
  if (text[at] === "}") return { end: at + 1 };
  for (;;) {
    if (text[at] !== '"') return invalid(text, at, "looking for beginning of object key string");
    const key = readString(text, at + 1);
    if ("fault" in key) return key;
    at = skipSpace(text, key.end);
    if (text[at] !== ":") return invalid(text, at, "after object key");
    const value = readValue(text, at + 1, depth + 1);
    if ("fault" in value) return value;
    at = skipSpace(text, value.end);
    if (text[at] === "}") return { end: at + 1 };
    if (text[at] !== ",") return invalid(text, at, "after object key:value pair");
    at = skipSpace(text, at + 1);
  }
}

function readArray(text: string, start: number, depth: number): Read {
  let at = skipSpace(text, start);
  if (text[at] === "]") return { end: at + 1 };
  for (;;) {
    const value = readValue(text, at, depth + 1);
    if ("fault" in value) return value;
    at = skipSpace(text, value.end);
    if (text[at] === "]") return { end: at + 1 };
    if (text[at] !== ",") return invalid(text, at, "after array element");
    at += 1;
  }
}

function readString(text: string, start: number): Read {
  for (let at = start; ; at++) {
    const character = text[at];
    if (character === '"') return { end: at + 1 };
    if (character === undefined || character < " ") return invalid(text, at, "in string literal");
    if (character !== "\\") continue;
    at += 1;
    if (text[at] === "u") {
      for (let digit = 1; digit <= 4; digit++)
        if (!/[0-9A-Fa-f]/.test(text[at + digit] ?? ""))
          return invalid(text, at + digit, "in \\u hexadecimal character escape");
      at += 4;
    } else if (!'"\\/bfnrt'.includes(text[at] ?? " ")) return invalid(text, at, "in string escape code");
  }
}

function readNumber(text: string, start: number): Read {
  let at = start;
  if (text[at] === "-") at += 1;
  if (!isDigit(text[at])) return invalid(text, at, "in numeric literal");
  if (text[at] === "0") at += 1;
  else while (isDigit(text[at])) at += 1;
  if (text[at] === ".") {
    at += 1;
    if (!isDigit(text[at])) return invalid(text, at, "after decimal point in numeric literal");
    while (isDigit(text[at])) at += 1;
  }
  if (text[at] === "e" || text[at] === "E") {
    at += 1;
    if (text[at] === "+" || text[at] === "-") at += 1;
    if (!isDigit(text[at])) return invalid(text, at, "in exponent of numeric literal");
    while (isDigit(text[at])) at += 1;
  }
  return { end: at };
}

function readLiteral(text: string, start: number, literal: string): Read {
  for (let index = 1; index < literal.length; index++) {
    if (text[start + index] !== literal[index])
      return invalid(text, start + index, `in literal ${literal} (expecting '${literal[index] ?? ""}')`);
  }
  return { end: start + literal.length };
}

function invalid(text: string, at: number, where: string): Read {
  return { fault: at >= text.length ? ended : `invalid character ${shown(text, at)} ${where}` };
}

function shown(text: string, at: number): string {
  const character = text[at] ?? "";
  return character === "'" ? String.raw`'\''` : `'${character === "\n" ? String.raw`\n` : character}'`;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && " \t\r\n".includes(text[at] ?? "")) at += 1;
  return at;
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}
