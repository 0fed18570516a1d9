import type { FrameWriter } from "./frame-writer.ts";
import { defaultTableSize, entryOverhead, staticTable } from "./static-table.ts";

/** What the static table knows of a name. */
interface Fixed {
  /** Its first entry; 0: none. */
  readonly index: number;
  /** Entries of this name by value. */
  readonly values: ReadonlyMap<string, number> | undefined;
}

/** What is known of a name on a connection. */
interface Known {
  readonly fixed: Fixed;
  /** Whether its values are secrets, which no table may hold (RFC 7541 §7.1.3). */
  readonly secret: boolean;
  /** Numbers of the dynamic entries by value. */
  values: Map<string, number> | undefined;
  /** Number of its newest dynamic entry. */
  newest: number;
  /** Values that came of late; the next one takes the place of the oldest. */
  readonly recent: string[];
  turn: number;
}

interface Entry {
  readonly known: Known;
  readonly value: string;
  readonly size: number;
}

const secrets: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);

/** A peer may use any number of names; those that come when so many are known are written out. */
const maxNames = 256;
/** Longer values would empty the table. */
const maxIndexed = 1024;
const remembered = 4;

/**
 * Writes header blocks of one connection (RFC 7541). A value enters the table when it comes again among the last few of its name: who
 * it is from, what it wants, which program it is stays in the table, and a request id never gets there. Text is written plain: the next
 * hop is on the same machine, where a byte costs less than its Huffman code.
 */
export class HpackEncoder {
  readonly #names = new Map<string, Known>();
  #entries: Entry[] = [];
  #first = 0;
  /** Entries that were ever inserted, and those of them that were evicted. */
  #inserted = 0;
  #evicted = 0;
  #size = 0;
  #limit = defaultTableSize;
  /** The least limit since the last block; undefined: the peer knows the limit. */
  #told: number | undefined;

  /** What the peer's settings say of the table that it keeps. */
  resize(size: number): void {
    const limit = Math.min(size, defaultTableSize);
    if (limit === this.#limit) return;
    this.#told = Math.min(this.#told ?? limit, limit);
    this.#limit = limit;
    this.#evict(limit);
  }

  /** To be called before the first field of a block. */
  begin(out: FrameWriter): void {
    if (this.#told === undefined) return;
    out.room(16);
    if (this.#told < this.#limit) writeInteger(out, 0x20, 5, this.#told);
    writeInteger(out, 0x20, 5, this.#limit);
    this.#told = undefined;
  }

  field(out: FrameWriter, name: string, value: string): void {
    out.room(name.length + value.length + 16);
    let known = this.#names.get(name);
    if (known === undefined) {
      if (this.#names.size >= maxNames) {
        writeInteger(out, 0, 4, 0);
        writeText(out, name);
        writeText(out, value);
        return;
      }
      known = newKnown(name);
      this.#names.set(name, known);
    }
    const fixed = known.fixed.values?.get(value);
    const dynamic = fixed === undefined ? known.values?.get(value) : undefined;
    if (fixed !== undefined) writeInteger(out, 0x80, 7, fixed);
    else if (dynamic !== undefined) writeInteger(out, 0x80, 7, this.#indexOf(dynamic));
    else this.#literal(out, known, name, value);
  }

  #literal(out: FrameWriter, known: Known, name: string, value: string): void {
    const size = name.length + value.length + entryOverhead;
    const index =
      known.fixed.index > 0 ? known.fixed.index : known.newest > this.#evicted ? this.#indexOf(known.newest) : 0;
    const insert = !known.secret && value.length <= maxIndexed && size <= this.#limit && comesAgain(known, value);
    if (insert) writeInteger(out, 0x40, 6, index);
    else writeInteger(out, known.secret ? 0x10 : 0, 4, index);
    if (index === 0) writeText(out, name);
    writeText(out, value);
    if (insert) this.#insert(known, value, size);
  }

  #indexOf(entry: number): number {
    return staticTable.length + 1 + this.#inserted - entry;
  }

  #insert(known: Known, value: string, size: number): void {
    this.#evict(this.#limit - size);
    this.#inserted += 1;
    this.#size += size;
    this.#entries.push({ known, value, size });
    (known.values ??= new Map()).set(value, this.#inserted);
    known.newest = this.#inserted;
  }

  #evict(room: number): void {
    while (this.#size > room) {
      const oldest = this.#entries[this.#first];
      if (oldest === undefined) return;
      this.#first += 1;
      this.#evicted += 1;
      this.#size -= oldest.size;
      oldest.known.values?.delete(oldest.value);
    }
    if (this.#first < 256) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}

const notFixed: Fixed = { index: 0, values: undefined };

/** The static table by name. */
const fixedNames: ReadonlyMap<string, Fixed> = byName();

function byName(): ReadonlyMap<string, Fixed> {
  const names = new Map<string, { index: number; values: Map<string, number> | undefined }>();
  for (const [at, [name, value]] of staticTable.entries()) {
    const known = names.get(name) ?? { index: at + 1, values: undefined };
    names.set(name, known);
    if (value !== "") (known.values ??= new Map()).set(value, at + 1);
  }
  return names;
}

function newKnown(name: string): Known {
  return {
    fixed: fixedNames.get(name) ?? notFixed,
    secret: secrets.has(name),
    values: undefined,
    newest: 0,
    recent: [],
    turn: 0,
  };
}

function comesAgain(known: Known, value: string): boolean {
  if (known.recent.includes(value)) return true;
  known.recent[known.turn] = value;
  known.turn = (known.turn + 1) % remembered;
  return false;
}

function writeInteger(out: FrameWriter, first: number, prefix: number, value: number): void {
  const mask = (1 << prefix) - 1;
  const { bytes } = out;
  if (value < mask) {
    bytes[out.at] = first | value;
    out.at += 1;
    return;
  }
  bytes[out.at] = first | mask;
  out.at += 1;
  let left = value - mask;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) {
    bytes[out.at] = 0x80 | (left & 0x7f);
    out.at += 1;
  }
  bytes[out.at] = left;
  out.at += 1;
}

/** From this many characters on a call into C++ costs less. */
const shortText = 24;

function writeText(out: FrameWriter, text: string): void {
  writeInteger(out, 0, 7, text.length);
  const { bytes, at } = out;
  if (text.length < shortText) for (let i = 0; i < text.length; i += 1) bytes[at + i] = text.charCodeAt(i);
  else bytes.write(text, at, "latin1");
  out.at = at + text.length;
}
