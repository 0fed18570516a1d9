import { ascii } from "../http1/characters.ts";
import { fieldName, HeaderField, staticFields, tableSizeOf } from "./header-field.ts";
import type { FieldName } from "./header-field.ts";
import { decodeHuffman } from "./huffman.ts";
import { defaultTableSize, entryOverhead } from "./static-table.ts";

/**
 * What is kept of one list. More than any message may have (see `HeadLimits`), so that who reads the list sees that it is too long;
 * what is behind is decoded for the table's sake, and dropped.
 */
const maxFields = 128;
const maxListBytes = 64 * 1024;

/** No number in a header block needs more. */
const maxInteger = 2 ** 28;

/** Reads header blocks of one connection (RFC 7541). After a fault the table is no longer that of the peer, and the connection has to end. */
export class HpackDecoder {
  /** The newest entry last; those before `#first` are evicted. */
  #entries: HeaderField[] = [];
  #first = 0;
  #size = 0;
  #limit = defaultTableSize;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #broken = false;

  /** The fields of one whole block; undefined when it is no HPACK. */
  decode(bytes: Buffer, from: number, to: number): readonly HeaderField[] | undefined {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
    const list: HeaderField[] = [];
    let size = 0;
    let begun = false;
    while (this.#at < this.#end) {
      const first = bytes[this.#at] ?? 0;
      if (first >= 0x20 && first < 0x40) {
        // Only before the first field (RFC 7541 §4.2).
        const limit = this.#integer(5);
        if (begun || this.#broken || limit > defaultTableSize) return this.#fault();
        this.#resize(limit);
        continue;
      }
      begun = true;
      const field = this.#field(first);
      if (field === undefined) return this.#fault();
      size += field.size;
      if (list.length < maxFields && (size <= maxListBytes || list.length === 0)) list.push(field);
      else size = Number.MAX_SAFE_INTEGER;
    }
    return list;
  }

  #fault(): undefined {
    this.#broken = true;
    return undefined;
  }

  #field(first: number): HeaderField | undefined {
    if (first >= 0x80) return this.#entry(this.#integer(7));
    const indexed = first >= 0x40;
    const index = this.#integer(indexed ? 6 : 4);
    const name = this.#name(index);
    const value = this.#string();
    if (name === undefined || value === undefined || this.#broken) return undefined;
    const field = new HeaderField(name, value);
    if (indexed) this.#insert(field);
    return field;
  }

  #name(index: number): FieldName | undefined {
    if (index > 0) return this.#entry(index)?.name;
    const text = this.#string();
    return text === undefined ? undefined : fieldName(text);
  }

  #entry(index: number): HeaderField | undefined {
    if (index <= staticFields.length) return staticFields[index - 1];
    const place = this.#entries.length - (index - staticFields.length);
    return place < this.#first ? undefined : this.#entries[place];
  }

  #insert(field: HeaderField): void {
    const size = tableSizeOf(field);
    this.#evict(this.#limit - size);
    // One that is larger than the table empties it (RFC 7541 §4.4).
    if (size > this.#limit) return;
    this.#entries.push(field);
    this.#size += size;
  }

  #evict(room: number): void {
    while (this.#size > room && this.#first < this.#entries.length) {
      const oldest = this.#entries[this.#first];
      this.#size -= oldest === undefined ? entryOverhead : tableSizeOf(oldest);
      this.#first += 1;
    }
    if (this.#first < 256) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }

  #resize(limit: number): void {
    this.#limit = limit;
    this.#evict(limit);
  }

  #integer(prefix: number): number {
    const mask = (1 << prefix) - 1;
    let value = (this.#bytes[this.#at] ?? 0) & mask;
    this.#at += 1;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      if (this.#at >= this.#end || shift > 28) break;
      const byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (value > maxInteger) break;
      if (byte < 0x80) return value;
    }
    this.#broken = true;
    return 0;
  }

  #string(): string | undefined {
    if (this.#at >= this.#end) return undefined;
    const coded = (this.#bytes[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(7);
    const from = this.#at;
    if (this.#broken || length > this.#end - from) return undefined;
    this.#at = from + length;
    return coded ? decodeHuffman(this.#bytes, from, this.#at) : ascii(this.#bytes, from, this.#at);
  }
}
