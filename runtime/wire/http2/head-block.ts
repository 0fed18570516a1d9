import { buildBlock } from "../http1/fields.ts";
import type { HeaderBlock } from "../http1/fields.ts";
import type { Direction } from "../http1/names.ts";
import type { HeaderField } from "./header-field.ts";

/** The byte block of a head that filters read and HTTP/1 writes, as its codec makes it: repeated single-valued headers joined. */
export function blockOf(fields: readonly HeaderField[], direction: Direction): HeaderBlock {
  if (hasRepeated(fields, direction))
    return buildBlock(
      fields.map(({ name, value }) => [name.text, value]),
      direction,
    );
  const ranges: number[] = [];
  const list: string[] = [];
  let text = "";
  let at = 0;
  for (const field of fields) {
    const { value } = field;
    const name = field.name.text;
    text += field.line;
    const nameEnd = at + name.length;
    const valueEnd = nameEnd + 2 + value.length;
    ranges.push(at, nameEnd, nameEnd + 2, valueEnd);
    list.push(name, value);
    at = valueEnd + 2;
  }
  return { bytes: Buffer.from(text, "latin1"), fields: ranges, texts: { of: ranges, list } };
}

function hasRepeated(fields: readonly HeaderField[], direction: Direction): boolean {
  for (let at = 1; at < fields.length; at += 1) {
    const name = fields[at]?.name;
    if (name === undefined || !(direction === "request" ? name.singleRequest : name.singleResponse)) continue;
    for (let before = 0; before < at; before += 1) {
      const other = fields[before]?.name;
      if (other === name || other?.text === name.text) return true;
    }
  }
  return false;
}
