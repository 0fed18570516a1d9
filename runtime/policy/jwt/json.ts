import type { JsonObject, JsonValue } from "../../model/jwt.ts";

/**
 * Reads a JSON object as Envoy does (protobuf's Struct): unlike JSON.parse it refuses a name that comes twice in one object, text
 * that is not UTF-8, half surrogates, numbers that no double holds, and what is nested too deeply. Undefined: refused.
 */
export function parseJsonObject(bytes: Buffer): JsonObject | undefined {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return undefined;
  }
  const reader: Reader = { text, at: 0 };
  const value = readValue(reader, 0);
  skipBlanks(reader);
  return value !== undefined && isJsonObject(value) && reader.at === text.length ? value : undefined;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !isJsonList(value);
}

export function isJsonList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const deepest = 100;

interface Reader {
  readonly text: string;
  at: number;
}

const blanks = /[ \t\n\r]*/y;
const numbers = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Whole text with its quotes; what a backslash means is left to JSON.parse. */
const texts = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

function skipBlanks(reader: Reader): void {
  blanks.lastIndex = reader.at;
  reader.at += blanks.exec(reader.text)?.[0].length ?? 0;
}

/** Undefined: not JSON. */
function readValue(reader: Reader, depth: number): JsonValue | undefined {
  skipBlanks(reader);
  switch (reader.text[reader.at]) {
    case "{":
      return depth === deepest ? undefined : readObject(reader, depth + 1);
    case "[":
      return depth === deepest ? undefined : readList(reader, depth + 1);
    case '"':
      return readText(reader);
    case "t":
      return readWord(reader, "true") ? true : undefined;
    case "f":
      return readWord(reader, "false") ? false : undefined;
    case "n":
      return readWord(reader, "null") ? null : undefined;
    default:
      return readNumber(reader);
  }
}

function readWord(reader: Reader, word: string): boolean {
  if (!reader.text.startsWith(word, reader.at)) return false;
  reader.at += word.length;
  return true;
}

function readNumber(reader: Reader): number | undefined {
  numbers.lastIndex = reader.at;
  const found = numbers.exec(reader.text)?.[0];
  if (found === undefined) return undefined;
  reader.at += found.length;
  const value = Number(found);
  return Number.isFinite(value) ? value : undefined;
}

function readText(reader: Reader): string | undefined {
  texts.lastIndex = reader.at;
  const found = texts.exec(reader.text)?.[0];
  if (found === undefined) return undefined;
  reader.at += found.length;
  const value = found.includes("\\") ? String(JSON.parse(found)) : found.slice(1, -1);
  return value.isWellFormed() ? value : undefined;
}

function readList(reader: Reader, depth: number): readonly JsonValue[] | undefined {
  reader.at += 1;
  const list: JsonValue[] = [];
  skipBlanks(reader);
  if (readWord(reader, "]")) return list;
  do {
    const value = readValue(reader, depth);
    if (value === undefined) return undefined;
    list.push(value);
    skipBlanks(reader);
  } while (readWord(reader, ","));
  return readWord(reader, "]") ? list : undefined;
}

function readObject(reader: Reader, depth: number): JsonObject | undefined {
  reader.at += 1;
  const object: Record<string, JsonValue> = Object.create(null);
  skipBlanks(reader);
  if (readWord(reader, "}")) return object;
  do {
    skipBlanks(reader);
    const name = reader.text[reader.at] === '"' ? readText(reader) : undefined;
    if (name === undefined || Object.hasOwn(object, name)) return undefined;
    skipBlanks(reader);
    const value = readWord(reader, ":") ? readValue(reader, depth) : undefined;
    if (value === undefined) return undefined;
    object[name] = value;
    skipBlanks(reader);
  } while (readWord(reader, ","));
  return readWord(reader, "}") ? object : undefined;
}
