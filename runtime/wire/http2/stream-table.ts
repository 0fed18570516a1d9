import type { Http2Stream } from "./stream.ts";

const least = 16;

/**
 * The open streams of a connection by id: open addressing with linear probing. Not a `Map`: where entries come and go all the time, a
 * `Map` is copied again and again, each copy hangs on to the next, and through an old one the garbage collector keeps every stream that
 * was ever in one of them.
 */
export class StreamTable {
  #slots: (Http2Stream | undefined)[] = newSlots(least);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Http2Stream | undefined {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = (id >>> 1) & mask; ; at = (at + 1) & mask) {
      const stream = slots[at];
      if (stream === undefined || stream.id === id) return stream;
    }
  }

  /** Its id must be new. */
  add(stream: Http2Stream): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    place(this.#slots, stream);
    this.#size += 1;
  }

  delete(stream: Http2Stream): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = (stream.id >>> 1) & mask;
    while (slots[hole] !== stream) {
      if (slots[hole] === undefined) return;
      hole = (hole + 1) & mask;
    }
    this.#size -= 1;
    // Those behind that would not be found any more move up.
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const next = slots[at];
      if (next === undefined) break;
      const home = (next.id >>> 1) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[hole] = next;
      hole = at;
    }
    slots[hole] = undefined;
  }

  /** A copy: what becomes of the streams changes the table. */
  all(): readonly Http2Stream[] {
    return this.#slots.filter((each) => each !== undefined);
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = newSlots(before.length * 2);
    for (const stream of before) if (stream !== undefined) place(this.#slots, stream);
  }
}

function newSlots(length: number): (Http2Stream | undefined)[] {
  return Array.from({ length }, () => undefined);
}

function place(slots: (Http2Stream | undefined)[], stream: Http2Stream): void {
  const mask = slots.length - 1;
  let at = (stream.id >>> 1) & mask;
  while (slots[at] !== undefined) at = (at + 1) & mask;
  slots[at] = stream;
}
