/** A set of characters; the same object for the same set, so that automata can tell how many there are. */
export type CharacterSet = (character: string) => boolean;

/** Printable ASCII: what the parts of a request can hold that policies look at. */
export const printable: readonly string[] = Array.from({ length: 0x7f - 0x20 }, (_, index) =>
  String.fromCharCode(0x20 + index),
);

const singles = new Map<string, CharacterSet>();

/** Exactly this character. */
export function only(character: string): CharacterSet {
  const known = singles.get(character) ?? ((each: string) => each === character);
  singles.set(character, known);
  return known;
}

const folded = new Map<string, CharacterSet>();

/** This character in either case. */
export function eitherCase(character: string): CharacterSet {
  const lower = character.toLowerCase();
  const known = folded.get(lower) ?? ((each: string) => each.toLowerCase() === lower);
  folded.set(lower, known);
  return known;
}

const matched = new Map<string, CharacterSet>();

/** The characters that a class such as `[a-z]` has. */
export function charactersOf(pattern: string): CharacterSet {
  const known = matched.get(pattern);
  if (known !== undefined) return known;
  const expression = new RegExp(`^${pattern}$`);
  const members = new Set(printable.filter((each) => expression.test(each)));
  const set: CharacterSet = (each) => members.has(each);
  matched.set(pattern, set);
  return set;
}

export const anything: CharacterSet = () => true;

/** Characters that no set tells apart. The first of them stands for all. */
export interface Alphabet {
  readonly symbols: readonly string[];
  /** Every character that a symbol stands for. */
  readonly members: readonly (readonly string[])[];
}

/** Letters first: examples shall be readable. */
const byReadability = printable.toSorted((a, b) => rank(a) - rank(b));

function rank(character: string): number {
  if (character === "x") return 0;
  if (/[a-z]/.test(character)) return 1;
  if (/[0-9]/.test(character)) return 2;
  return /[A-Z]/.test(character) ? 3 : 4;
}

/** The fewest symbols that all of these sets can be told apart with. */
export function alphabetOf(sets: Iterable<CharacterSet>): Alphabet {
  const distinct = [...new Set(sets)];
  const groups = new Map<string, string[]>();
  for (const character of byReadability) {
    const key = distinct.map((set) => (set(character) ? "1" : "0")).join("");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [character]);
    else group.push(character);
  }
  const members = [...groups.values()];
  return { symbols: members.map(([first = ""]) => first), members };
}
