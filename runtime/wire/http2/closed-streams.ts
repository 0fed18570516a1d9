/** How many ended streams are remembered: more than a peer may have open, so that none whose frames may still be under way is forgotten. */
const remembered = 2048;

/** What became of the streams that ended last: frames that crossed our reset are not the fault of who sent them (RFC 9113 §5.1). */
export class ClosedStreams {
  /** The id at its place, negative when we have reset it. */
  readonly #ids = new Int32Array(remembered);

  add(stream: number, byUs: boolean): void {
    this.#ids[(stream >>> 1) % remembered] = byUs ? -stream : stream;
  }

  of(stream: number): "ended" | "reset by us" | undefined {
    const id = this.#ids[(stream >>> 1) % remembered];
    return id === stream ? "ended" : id === -stream ? "reset by us" : undefined;
  }
}
