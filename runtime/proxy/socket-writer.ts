import type { Socket } from "node:net";
import { atEndOfTurn } from "./turn.ts";

/** So much does not wait for the end of the turn, and is not copied to be one with its neighbours. */
const enough = 8 * 1024;

/**
 * What is written to a socket in one turn of the event loop leaves at its end: who reads it is woken once for all that the turn has for
 * them, and not once for each message. A class, because one is made per connection.
 */
export class SocketWriter {
  readonly #socket: Socket;
  #first: Buffer | undefined;
  #more: Buffer[] = [];
  #size = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** False: wait for `drain` before writing more. */
  write(bytes: Buffer): boolean {
    const socket = this.#socket;
    if (this.#first === undefined) {
      if (bytes.length >= enough) return socket.write(bytes);
      this.#first = bytes;
      atEndOfTurn(this);
    } else this.#more.push(bytes);
    this.#size += bytes.length;
    return this.#size >= enough ? this.flush() : !socket.writableNeedDrain;
  }

  /** Writes what waits: before the socket is ended, cut or handed over. */
  flush(): boolean {
    const socket = this.#socket;
    const first = this.#first;
    if (first === undefined) return !socket.writableNeedDrain;
    const more = this.#more;
    const size = this.#size;
    this.#first = undefined;
    this.#size = 0;
    if (more.length > 0) this.#more = [];
    if (!socket.writable) return false;
    if (more.length === 0) return socket.write(first);
    if (size < enough) return socket.write(Buffer.concat([first, ...more], size));
    socket.cork();
    socket.write(first);
    for (const bytes of more) socket.write(bytes);
    socket.uncork();
    return !socket.writableNeedDrain;
  }
}
