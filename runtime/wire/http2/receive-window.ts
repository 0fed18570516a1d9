/** How much a peer may still send, on one stream or on all together. It is told of more room when half of it was used and taken. */
export class ReceiveWindow {
  readonly #size: number;
  #left: number;
  #taken = 0;

  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  /** Bytes have come; false: more than there was room for. */
  arrived(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** Bytes that came are somebody's now; what the peer is to be told, if anything. */
  take(bytes: number): number {
    this.#taken += bytes;
    if (this.#taken * 2 < this.#size) return 0;
    const increment = this.#taken;
    this.#left += increment;
    this.#taken = 0;
    return increment;
  }
}
