import type { EventsDropped, MeshEvent } from "../model/event.ts";
import { filterFields, rowText, type FieldReader } from "./filter-field.ts";
import { parseValue, type ValueTest } from "./filter-value.ts";

export type EventTest = (event: MeshEvent | EventsDropped) => boolean;

export type ParsedFilter =
  | { readonly ok: true; readonly match: EventTest }
  /** `at`: index in the text; `suggestions`: field names that were perhaps meant. */
  | { readonly ok: false; readonly error: string; readonly at: number; readonly suggestions: readonly string[] };

const aliases: Readonly<Record<string, string>> = { "~d": "to", "~m": "method", "~u": "path", "~c": "status" };

/** Longer filters are refused: nesting is parsed by recursion. */
const maxLength = 2_000;

/**
 * The filter language of screens and commands: `from:web status:4xx !path:/healthz | tls:failed`.
 * A space means and, `|` or, `!` and `-` not; parentheses group, quotes are literal, `/re/` is a regular expression,
 * a bare word is looked for in the whole row.
 */
export function parseFilter(text: string): ParsedFilter {
  if (text.length > maxLength) return refuse("the filter is too long", maxLength);
  try {
    const reader = createReader(text);
    skipSpace(reader);
    if (reader.at === text.length) return { ok: true, match: () => true };
    const match = parseAny(reader);
    if (reader.at < text.length) return refuse("this ) closes nothing", reader.at);
    return { ok: true, match };
  } catch (error) {
    if (error instanceof FilterFault) return refuse(error.message, error.at, error.suggestions);
    throw error;
  }
}

/** Carries a position out of the recursion; never leaves this file. */
class FilterFault extends Error {
  readonly at: number;
  readonly suggestions: readonly string[];
  constructor(message: string, at: number, suggestions: readonly string[] = []) {
    super(message);
    this.at = at;
    this.suggestions = suggestions;
  }
}

function refuse(error: string, at: number, suggestions: readonly string[] = []): ParsedFilter {
  return { ok: false, error, at, suggestions };
}

interface Reader {
  readonly text: string;
  at: number;
}

function createReader(text: string): Reader {
  return { text, at: 0 };
}

function peek(reader: Reader): string | undefined {
  return reader.text[reader.at];
}

function skipSpace(reader: Reader): void {
  while (/\s/.test(peek(reader) ?? "")) reader.at++;
}

/** any := all ("|" all)* */
function parseAny(reader: Reader): EventTest {
  const branches = [parseAll(reader)];
  while (peek(reader) === "|") {
    reader.at++;
    branches.push(parseAll(reader));
  }
  return (event) => branches.some((branch) => branch(event));
}

/** all := term+ */
function parseAll(reader: Reader): EventTest {
  const terms: EventTest[] = [];
  for (;;) {
    skipSpace(reader);
    const next = peek(reader);
    if (next === undefined || next === "|" || next === ")") break;
    terms.push(parseTerm(reader));
  }
  if (terms.length === 0) throw new FilterFault("something to look for is missing here", reader.at);
  return (event) => terms.every((term) => term(event));
}

/** term := ("!" | "-")* ( "(" any ")" | field ":" values | /re/ | "text" | word ) */
function parseTerm(reader: Reader): EventTest {
  const next = peek(reader);
  if (next === "!" || next === "-") {
    reader.at++;
    const inner = parseTerm(reader);
    return (event) => !inner(event);
  }
  if (next === "(") return parseGroup(reader, () => parseAny(reader));
  if (next === "/") {
    const expression = readExpression(reader);
    if (expression !== undefined) return (event) => expression.test(rowText(event));
  }
  const field = readField(reader);
  if (field !== undefined) {
    const test = parseValues(reader, field);
    return (event) => test(field.read(event));
  }
  const { value } = readWord(reader);
  const wanted = value.toLowerCase();
  return (event) => rowText(event).toLowerCase().includes(wanted);
}

function parseGroup<T>(reader: Reader, inner: () => T): T {
  const open = reader.at++;
  const result = inner();
  skipSpace(reader);
  if (peek(reader) !== ")") throw new FilterFault("this ( is never closed", open);
  reader.at++;
  return result;
}

type ValuesTest = (actual: readonly (string | number)[]) => boolean;

/** values := value | "(" value ("|" value)* ")" */
function parseValues(reader: Reader, field: FieldReader): ValuesTest {
  if (peek(reader) !== "(") {
    const test = parseOneValue(reader, field);
    return (actual) => actual.some(test);
  }
  return parseGroup(reader, () => {
    const tests: ValueTest[] = [];
    do {
      if (tests.length > 0) reader.at++;
      skipSpace(reader);
      tests.push(parseOneValue(reader, field));
      skipSpace(reader);
    } while (peek(reader) === "|");
    return (actual) => actual.some((value) => tests.some((test) => test(value)));
  });
}

function parseOneValue(reader: Reader, field: FieldReader): ValueTest {
  const start = reader.at;
  if (field.kind === "text" && peek(reader) === "/") {
    const expression = readExpression(reader);
    if (expression !== undefined) return (actual) => expression.test(String(actual));
  }
  const { value, quoted } = readWord(reader, `${field.name}: needs a value`);
  const test = parseValue(field, value, quoted);
  if (typeof test === "function") return test;
  throw new FilterFault(test.error, start);
}

/** `/re/` when a closing slash ends the word; a path such as `/api/data` is none. */
function readExpression(reader: Reader): RegExp | undefined {
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

function readField(reader: Reader): FieldReader | undefined {
  const rest = reader.text.slice(reader.at);
  const alias = /^(~[a-z])\s+/.exec(rest);
  const found = alias ?? /^([A-Za-z]+):/.exec(rest);
  if (found?.[1] === undefined) return undefined;
  const name = alias === null ? found[1].toLowerCase() : (aliases[found[1]] ?? found[1]);
  const field = filterFields.find((candidate) => candidate.name === name);
  if (field === undefined) {
    const near = nearest(name);
    const known =
      near.length > 0
        ? `did you mean ${near.join(" or ")}?`
        : `fields are ${filterFields.map((each) => each.name).join(", ")}`;
    throw new FilterFault(`there is no field ${name}: ${known}`, reader.at, near);
  }
  reader.at += found[0].length;
  return field;
}

function readWord(
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

/** Field names at most two edits away, nearest first. */
function nearest(name: string): readonly string[] {
  return filterFields
    .map((field) => ({
      name: field.name,
      edits: field.name.startsWith(name) || name.startsWith(field.name) ? 1 : distance(field.name, name),
    }))
    .filter((candidate) => candidate.edits <= 2 && 2 * candidate.edits <= name.length)
    .toSorted((a, b) => a.edits - b.edits)
    .map((candidate) => candidate.name)
    .slice(0, 3);
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
