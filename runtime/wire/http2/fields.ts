import { fieldName, HeaderField } from "./header-field.ts";

/** Names and values in turn, as they stand in a header list; one character per byte. */
export type HeaderList = readonly string[];

/** The same as pairs. */
export type Http2Fields = readonly (readonly [name: string, value: string])[];

export function pairsOf(list: HeaderList): Http2Fields {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < list.length; at += 2) pairs.push([list[at] ?? "", list[at + 1] ?? ""]);
  return pairs;
}

/** A list that nobody has sent, as if it had been decoded. */
export function fieldsOf(list: HeaderList): readonly HeaderField[] {
  return pairsOf(list).map(([name, value]) => new HeaderField(fieldName(name), value));
}
