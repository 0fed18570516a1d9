import type { Socket } from "node:net";
import type { Clock } from "../core/clock.ts";
import type { HeaderField } from "../wire/http2/header-field.ts";
import { Session } from "../wire/http2/session.ts";
import type { SessionOwner } from "../wire/http2/session.ts";
import type { Role } from "../wire/http2/settings.ts";
import type { Http2Stream } from "../wire/http2/stream.ts";
import { settings } from "./http2-settings.ts";
import { readBytes } from "./read-bytes.ts";
import { ignore } from "./server-handshake.ts";
import { atEndOfTurn } from "./turn.ts";

/** Who uses a connection. */
export interface LineUser {
  readonly onRequest: (stream: Http2Stream, fields: readonly HeaderField[], ended: boolean) => void;
  readonly onStreamEnd: () => void;
  /** The peer takes no further streams. */
  readonly onGoaway: () => void;
  /** No stream is left, and none will come. */
  readonly onClose: () => void;
}

/** How long a peer may take to read the last frames before it is cut (Envoy's `delayed_close_timeout`). */
const lingerMs = 1000;

/** What may wait in memory for a peer that does not read, beside bodies. */
const maxUnread = 64 * 1024 * 1024;

/** An HTTP/2 connection on its socket: what comes is given to the session, what the session has to say leaves once a turn. */
export class Http2Line implements SessionOwner {
  readonly session: Session;
  readonly socket: Socket;
  readonly #clock: Clock;
  readonly #user: LineUser;
  #dirty = false;
  #congested = false;
  #over = false;
  /** The fault that ended it was the peer's. */
  #faulty = false;

  constructor(role: Role, socket: Socket, clock: Clock, user: LineUser) {
    this.session = new Session(role, settings, this);
    this.socket = socket;
    this.#clock = clock;
    this.#user = user;
  }

  /** The peer broke the rules: that is how it ended. */
  get isFaulty(): boolean {
    return this.#faulty;
  }

  /** `early`: bytes that were read before. */
  start(early: Buffer): void {
    const { socket } = this;
    if (socket.destroyed) this.destroy();
    // It may have been ended before it began.
    if (this.#over) return;
    const unread = readBytes(socket, this.#onData);
    // Sockets here may be half open: without this a connection whose peer has gone would stay.
    socket.on("end", this.#onGone);
    socket.on("error", this.#onGone);
    socket.on("close", this.#onGone);
    socket.on("drain", this.#onDrain);
    this.session.start();
    for (const bytes of [early, unread]) if (bytes !== undefined && bytes.length > 0) this.#onData(bytes);
    if (!this.#over) socket.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      this.session.receive(chunk);
    } catch (error) {
      // A fault of ours ends this connection and no other; the process tells it.
      this.destroy();
      throw error;
    }
  };

  readonly #onGone = (): void => {
    this.destroy();
  };

  readonly #onDrain = (): void => {
    this.session.isFlooded(true);
    if (!this.#congested) return;
    this.#congested = false;
    this.session.outbox.setCongested(false);
  };

  onOutput(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    atEndOfTurn(this);
  }

  onFull(): void {
    this.flush();
  }

  flush(): void {
    this.#dirty = false;
    const { socket, session } = this;
    const { writer } = session.outbox;
    if (this.#over || writer.size === 0) return;
    if (session.isFlooded(socket.writableLength === 0) || socket.writableLength > maxUnread) {
      this.destroy();
      return;
    }
    const more = socket.write(writer.take());
    if (session.streams.size === 0) writer.release();
    if (more || this.#congested) return;
    this.#congested = true;
    session.outbox.setCongested(true);
  }

  onRequest(stream: Http2Stream, fields: readonly HeaderField[], ended: boolean): void {
    this.#user.onRequest(stream, fields, ended);
  }

  onStreamEnd(): void {
    this.#user.onStreamEnd();
  }

  onGoaway(): void {
    this.#user.onGoaway();
  }

  onFailed(): void {
    this.#faulty = true;
    this.end();
  }

  /** Sends what waits, then gives the other side a moment to read it before the connection is cut. */
  end(): void {
    if (this.#over) return;
    const { socket, session } = this;
    this.#over = true;
    this.#detach();
    const last = session.outbox.writer.take();
    const cancel = this.#clock.after(lingerMs, () => {
      socket.destroy();
    });
    readBytes(socket, ignore);
    socket.on("end", () => {
      socket.destroy();
    });
    socket.on("close", cancel);
    socket.resume();
    socket.end(last);
    this.#close();
  }

  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    this.#detach();
    this.socket.destroy();
    this.#close();
  }

  #detach(): void {
    const { socket } = this;
    socket.off("end", this.#onGone);
    socket.off("error", this.#onGone);
    socket.off("close", this.#onGone);
    socket.off("drain", this.#onDrain);
    socket.setTimeout(0);
    socket.on("error", ignore);
  }

  #close(): void {
    this.session.abandon();
    this.#user.onClose();
  }
}
