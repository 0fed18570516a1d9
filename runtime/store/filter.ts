import type { EventsDropped, MeshEvent } from "../model/event.ts";
import { filterFields, rowText, type FieldReader } from "./filter-field.ts";
import { FilterFault, peek, readExpression, readGroup, readWord, skipSpace, type Reader } from "./filter-reader.ts";
import { parseValue, type ValueTest } from "./filter-value.ts";
import { nearestNames } from "./nearest-name.ts";

export type EventTest = (event: MeshEvent | EventsDropped) => boolean;

export type ParsedFilter =
  | { readonly ok: true; readonly match: EventTest }
  /** `at`: index in the text; `suggestions`: field names that were perhaps meant. */
  | { readonly ok: false; readonly error: string; readonly at: number; readonly suggestions: readonly string[] };

/** What an expression may refer to beyond the event; pure code has no clock of its own. */
export interface FilterSetting {
  /** Milliseconds since the epoch: `since:5m` counts back from here. */
  readonly now?: number;
  /** When the person pressed `m` last, likewise: `since:mark`. */
  readonly mark?: number | undefined;
  /** Expressions by the names that `@name` refers to. */
  readonly named?: Readonly<Record<string, string>>;
}

/** Short forms for fingers that know mitmproxy. */
export const fieldAliases: Readonly<Record<string, string>> = {
  "~d": "to",
  "~m": "method",
  "~u": "path",
  "~c": "status",
};

/** Names that every project has. */
export const builtInFilters: Readonly<Record<string, string>> = {
  denials: "verdict:denied",
  errors: "status:5xx | tls:failed | level:error+",
  slow: "dur:>500ms",
};

/** Longer filters are refused: nesting is parsed by recursion. */
const maxLength = 2_000;

/**
 * The filter language of screens and commands: `from:web status:4xx !path:/healthz | tls:failed`.
 * A space means and, `|` or, `!` and `-` not; parentheses group, quotes are literal, `/re/` is a regular expression,
 * `@name` is a filter with a name, a bare word is looked for in the whole row.
 */
export function parseFilter(text: string, setting: FilterSetting = {}): ParsedFilter {
  if (text.length > maxLength) return refuse("the filter is too long", maxLength);
  try {
    const reader: Reader = { text, at: 0 };
    skipSpace(reader);
    if (reader.at === text.length) return { ok: true, match: () => true };
    const match = parseAny(reader, setting);
    if (reader.at < text.length) return refuse("this ) closes nothing", reader.at);
    return { ok: true, match };
  } catch (error) {
    if (error instanceof FilterFault) return refuse(error.message, error.at, error.suggestions);
    throw error;
  }
}

function refuse(error: string, at: number, suggestions: readonly string[] = []): ParsedFilter {
  return { ok: false, error, at, suggestions };
}

/** any := all ("|" all)* */
function parseAny(reader: Reader, setting: FilterSetting): EventTest {
  const branches = [parseAll(reader, setting)];
  while (peek(reader) === "|") {
    reader.at++;
    branches.push(parseAll(reader, setting));
  }
  return (event) => branches.some((branch) => branch(event));
}

/** all := term+ */
function parseAll(reader: Reader, setting: FilterSetting): EventTest {
  const terms: EventTest[] = [];
  for (;;) {
    skipSpace(reader);
    const next = peek(reader);
    if (next === undefined || next === "|" || next === ")") break;
    terms.push(parseTerm(reader, setting));
  }
  if (terms.length === 0) throw new FilterFault("something to look for is missing here", reader.at);
  return (event) => terms.every((term) => term(event));
}

/** term := ("!" | "-")* ( "(" any ")" | "@" name | field ":" values | /re/ | "text" | word ) */
function parseTerm(reader: Reader, setting: FilterSetting): EventTest {
  const next = peek(reader);
  if (next === "!" || next === "-") {
    reader.at++;
    const inner = parseTerm(reader, setting);
    return (event) => !inner(event);
  }
  if (next === "(") return readGroup(reader, () => parseAny(reader, setting));
  if (next === "@") return parseNamed(reader, setting);
  if (next === "/") {
    const expression = readExpression(reader);
    if (expression !== undefined) return (event) => expression.test(rowText(event));
  }
  const field = readField(reader);
  if (field !== undefined) {
    const test = parseValues(reader, field, setting);
    return (event) => test(field.read(event));
  }
  const { value } = readWord(reader);
  const wanted = value.toLowerCase();
  return (event) => rowText(event).toLowerCase().includes(wanted);
}

/** `@denials`: the expression of that name; it may use other names, but not its own. */
function parseNamed(reader: Reader, setting: FilterSetting): EventTest {
  const start = reader.at;
  const name = readWord(reader).value.slice(1);
  const known = setting.named ?? builtInFilters;
  const text = Object.hasOwn(known, name) ? known[name] : undefined;
  if (text === undefined) {
    const names = Object.keys(known).map((each) => `@${each}`);
    throw new FilterFault(
      `there is no filter @${name}; there are ${names.join(", ")}`,
      start,
      nearestNames(`@${name}`, names),
    );
  }
  const { [name]: _own, ...others } = known;
  const parsed = parseFilter(text, { ...setting, named: others });
  if (!parsed.ok) throw new FilterFault(`in @${name}: ${parsed.error}`, start);
  return parsed.match;
}

type ValuesTest = (actual: readonly (string | number)[]) => boolean;

/** values := value | "(" value ("|" value)* ")" */
function parseValues(reader: Reader, field: FieldReader, setting: FilterSetting): ValuesTest {
  if (peek(reader) !== "(") {
    const test = parseOneValue(reader, field, setting);
    return (actual) => actual.some(test);
  }
  return readGroup(reader, () => {
    const tests: ValueTest[] = [];
    do {
      if (tests.length > 0) reader.at++;
      skipSpace(reader);
      tests.push(parseOneValue(reader, field, setting));
      skipSpace(reader);
    } while (peek(reader) === "|");
    return (actual) => actual.some((value) => tests.some((test) => test(value)));
  });
}

function parseOneValue(reader: Reader, field: FieldReader, setting: FilterSetting): ValueTest {
  const start = reader.at;
  if (field.kind === "text" && peek(reader) === "/") {
    const expression = readExpression(reader);
    if (expression !== undefined) return (actual) => expression.test(String(actual));
  }
  const { value, quoted } = readWord(reader, `${field.name}: needs a value`);
  const test = parseValue(field, value, { quoted, ...setting });
  if (typeof test === "function") return test;
  throw new FilterFault(test.error, start);
}

function readField(reader: Reader): FieldReader | undefined {
  const rest = reader.text.slice(reader.at);
  const alias = /^(~[a-z])\s+/.exec(rest);
  const found = alias ?? /^([A-Za-z]+):/.exec(rest);
  // `http://…` and `spiffe://…` are texts.
  if (found?.[1] === undefined || rest.startsWith("//", found[0].length)) return undefined;
  const name = alias === null ? found[1].toLowerCase() : (fieldAliases[found[1]] ?? found[1]);
  const field = filterFields.find((candidate) => candidate.name === name);
  if (field === undefined) {
    const names = filterFields.map((each) => each.name);
    const near = nearestNames(name, names);
    const known = near.length > 0 ? `did you mean ${near.join(" or ")}?` : `fields are ${names.join(", ")}`;
    throw new FilterFault(`there is no field ${name}: ${known}`, reader.at, near);
  }
  reader.at += found[0].length;
  return field;
}
