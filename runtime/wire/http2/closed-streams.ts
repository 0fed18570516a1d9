/** More than a peer may have open, so that no stream is forgotten whose frames may still be under way. */
const rememberedResets = 2048;
const rememberedEnds = 64;

/** What became of the streams that ended last: frames that crossed our reset are not the fault of who sent them (RFC 9113 §5.1). */
export class ClosedStreams {
  /** Ids at their places. Most connections never need the larger one. */
  readonly #ended = new Int32Array(rememberedEnds);
  #reset: Int32Array | undefined;

  add(stream: number, byUs: boolean): void {
    if (byUs) (this.#reset ??= new Int32Array(rememberedResets))[(stream >>> 1) % rememberedResets] = stream;
    else this.#ended[(stream >>> 1) % rememberedEnds] = stream;
  }

  of(stream: number): "ended" | "reset by us" | undefined {
    if (this.#reset?.[(stream >>> 1) % rememberedResets] === stream) return "reset by us";
    return this.#ended[(stream >>> 1) % rememberedEnds] === stream ? "ended" : undefined;
  }
}
