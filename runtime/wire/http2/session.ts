import { http2Preface } from "../sniff.ts";
import { ClosedStreams } from "./closed-streams.ts";
import { FloodGuard, isUnreadFlood } from "./flood.ts";
import { defaultWindow, errorCode, flag, frameType, maxWindow } from "./frame.ts";
import { FrameReader, uint31, uint32 } from "./frame-reader.ts";
import type { FrameSink } from "./frame-reader.ts";
import { formFault, paddingOf } from "./frame-rules.ts";
import type { HeaderField } from "./header-field.ts";
import { HeaderReader } from "./header-reader.ts";
import type { HeaderSink } from "./header-reader.ts";
import { Inbox } from "./inbox.ts";
import type { InboxOwner } from "./inbox.ts";
import { Outbox } from "./outbox.ts";
import type { OutboxOwner } from "./outbox.ts";
import { readSettings, settingsEntries } from "./settings.ts";
import type { OwnSettings, Role, SettingsSink } from "./settings.ts";
import { Http2Stream } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

export interface SessionOwner {
  /** Frames wait in `outbox.writer`: to be taken before the turn is over. */
  readonly onOutput: () => void;
  /** Very much waits: to be taken now. */
  readonly onFull: () => void;
  /** A request has begun; only at a server. Gives the stream its reader. */
  readonly onRequest: (stream: Http2Stream, fields: readonly HeaderField[], ended: boolean) => void;
  /** A stream is over, whatever way it ended. */
  readonly onStreamEnd: () => void;
  /** The peer takes no further streams. */
  readonly onGoaway: () => void;
  /** The peer broke the rules, and the connection is over: the last frames wait in the outbox. */
  readonly onFailed: () => void;
}

/**
 * One HTTP/2 connection as a function of the bytes that come (RFC 9113): no sockets, no clocks. It is as strict as Envoy's: what breaks
 * the rules of frames or of messages ends the connection; a stream alone is reset for the length of its body or for too many headers.
 */
export class Session implements FrameSink, HeaderSink, SettingsSink, OutboxOwner, InboxOwner {
  readonly outbox = new Outbox(this);
  /** Streams that are not over. */
  readonly streams = new StreamTable();
  /** How many streams the peer lets us open at once. */
  maxStreams = Number.MAX_SAFE_INTEGER;
  /** Nothing that comes is looked at any more. */
  over = false;
  /** The peer has said goodbye. */
  peerLeaves = false;
  /** We have. */
  #leaving = false;
  readonly #role: Role;
  readonly #own: OwnSettings;
  readonly #owner: SessionOwner;
  readonly #reader: FrameReader;
  readonly #headers = new HeaderReader(this);
  readonly #guard = new FloodGuard();
  readonly #closed = new ClosedStreams();
  readonly #inbox: Inbox;
  /** The peer's first frame, its settings, is here. */
  #settled = false;
  /** The last stream that the peer has opened, and the last of them that was not refused. */
  #last = 0;
  #served = 0;
  /** Our next one. */
  #next: number;
  #opened = 0;

  constructor(role: Role, own: OwnSettings, owner: SessionOwner) {
    this.#role = role;
    this.#own = own;
    this.#owner = owner;
    this.#inbox = new Inbox(this, this.outbox.writer, own.connectionWindow);
    this.#reader = new FrameReader(role === "server" ? http2Preface : http2Preface.subarray(0, 0));
    this.#next = role === "server" ? 2 : 1;
  }

  /** Says what each side has to say first. */
  start(): void {
    const { writer } = this.outbox;
    if (this.#role === "client") {
      writer.room(http2Preface.length);
      writer.copy(http2Preface, 0, http2Preface.length);
    }
    writer.settings(settingsEntries(this.#own, this.#role));
    writer.windowUpdate(0, this.#own.connectionWindow - defaultWindow);
    this.onOutput();
  }

  receive(chunk: Buffer): void {
    if (!this.over) this.#reader.read(chunk, this);
  }

  /** A new stream of ours; undefined when there can be no more. */
  open(): Http2Stream | undefined {
    if (this.over || this.peerLeaves || this.#next > maxWindow) return undefined;
    const stream = new Http2Stream(this.#next, this.#own.window, this.outbox.initialWindow);
    this.#next += 2;
    this.#opened += 1;
    this.streams.add(stream);
    return stream;
  }

  /** Ends a stream before its time. */
  reset(stream: Http2Stream, code: number): void {
    if (stream.closed || this.over) return;
    this.outbox.writer.reset(stream.id, code);
    this.onOutput();
    this.#end(stream, true);
  }

  /** Lets the body of a stream flow again. */
  resume(stream: Http2Stream): void {
    this.#inbox.resume(stream);
  }

  /** Takes no further streams: those that are open end as usual. */
  leave(): void {
    if (this.#leaving || this.over) return;
    this.#leaving = true;
    this.outbox.writer.goaway(this.#served, errorCode.none, "");
    this.onOutput();
  }

  /** The end of the connection by a fault of the peer. */
  fail(code: number, reason: string): void {
    if (this.over) return;
    this.over = true;
    this.outbox.writer.goaway(this.#served, code, reason);
    this.#owner.onFailed();
  }

  /** The connection is no more: so are its streams. */
  abandon(): void {
    this.over = true;
    for (const stream of this.streams.all()) this.#cut(stream, undefined);
  }

  /** Whether the peer leaves too much unread; `upToDate`: it has read all that was sent before. */
  isFlooded(upToDate: boolean): boolean {
    const { writer } = this.outbox;
    if (upToDate) writer.forgetCounts();
    return isUnreadFlood(writer.frames, writer.controlFrames);
  }

  // What frames say.

  onFrame(type: number, flags: number, id: number, bytes: Buffer, from: number, to: number): boolean {
    const fault = formFault(type, flags, id, to - from);
    if (!this.#settled && (type !== frameType.settings || (flags & flag.ack) !== 0))
      this.fail(errorCode.protocol, "SETTINGS expected");
    else if (!this.#headers.takes(type, id)) this.fail(errorCode.protocol, "frame within or without a header block");
    else if (fault !== errorCode.none) this.fail(fault, `frame of type ${type}`);
    else this.#read(type, flags, id, bytes, from, to);
    return !this.over;
  }

  #read(type: number, flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    switch (type) {
      case frameType.data:
        this.#onData(flags, id, bytes, from, to);
        return;
      case frameType.headers:
        this.#headers.headers(flags, id, bytes, from, to);
        return;
      case frameType.continuation:
        this.#headers.continuation(flags, bytes, from, to);
        return;
      case frameType.priority:
        if (uint31(bytes, from) === id) this.fail(errorCode.protocol, "a stream that depends on itself");
        else this.allow(type, false);
        return;
      case frameType.reset:
        this.#onReset(id, uint32(bytes, from));
        return;
      case frameType.settings:
        if ((flags & flag.ack) === 0) this.#onSettings(bytes, from, to);
        return;
      case frameType.ping:
        if ((flags & flag.ack) !== 0) return;
        this.outbox.writer.pingAck(bytes, from);
        this.onOutput();
        return;
      case frameType.goaway:
        this.#onGoaway(uint31(bytes, from));
        return;
      case frameType.windowUpdate:
        this.#onWindowUpdate(id, uint31(bytes, from));
        return;
      default:
      // Frames of unknown types mean nothing (RFC 9113 §4.1).
    }
  }

  allow(type: number, bare: boolean): boolean {
    if (this.#guard.inbound(type, bare, this.#opened, this.outbox.writer.dataFrames)) return true;
    this.fail(errorCode.enhanceYourCalm, "flood");
    return false;
  }

  #onSettings(bytes: Buffer, from: number, to: number): void {
    const fault = readSettings(bytes, from, to, this.#role, this);
    if (fault !== errorCode.none) {
      this.fail(fault, "SETTINGS");
      return;
    }
    this.#settled = true;
    this.outbox.writer.settingsAck();
    this.onOutput();
    this.outbox.pump();
  }

  onTableSize(size: number): void {
    this.outbox.encoder.resize(size);
  }

  onMaxStreams(count: number): void {
    this.maxStreams = count;
  }

  onInitialWindow(size: number): boolean {
    const change = size - this.outbox.initialWindow;
    this.outbox.initialWindow = size;
    for (const stream of this.streams.all()) {
      stream.sendWindow += change;
      if (stream.sendWindow > maxWindow) return false;
    }
    return true;
  }

  #onWindowUpdate(id: number, increment: number): void {
    const stream = this.streams.get(id);
    if (id !== 0 && stream === undefined && this.#isIdle(id))
      this.fail(errorCode.protocol, "WINDOW_UPDATE of an idle stream");
    else if (increment === 0) this.fail(errorCode.protocol, "WINDOW_UPDATE of nothing");
    else if (!this.allow(frameType.windowUpdate, false)) return;
    else if (id === 0) {
      if (!this.outbox.credit(increment)) this.fail(errorCode.flowControl, "window too large");
    } else if (stream !== undefined && !this.outbox.creditStream(stream, increment)) {
      this.reset(stream, errorCode.flowControl);
      stream.reader?.onReset(errorCode.protocol);
    }
  }

  #onReset(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) this.#cut(stream, code);
    else if (this.#isIdle(id)) this.fail(errorCode.protocol, "RST_STREAM of an idle stream");
  }

  #onGoaway(last: number): void {
    this.peerLeaves = true;
    for (const stream of this.streams.all()) {
      if (this.#role === "client" && stream.id > last) this.#cut(stream, errorCode.refusedStream);
    }
    this.#owner.onGoaway();
  }

  /** Whether a stream has never been opened. */
  #isIdle(id: number): boolean {
    if (id % 2 === this.#next % 2) return id >= this.#next;
    return this.#role === "client" || id > this.#last;
  }

  onBlock(id: number, fields: readonly HeaderField[], ended: boolean): void {
    const stream = this.streams.get(id);
    if (stream === undefined) this.#onNewBlock(id, fields, ended);
    else if (stream.remoteClosed) this.fail(errorCode.streamClosed, "HEADERS behind the end of a stream");
    else if (!stream.headed) {
      stream.remoteClosed = ended;
      stream.reader?.onHead(fields, ended);
      if (ended) this.#settle(stream);
    } else if (ended) this.#inbox.trailers(stream, fields);
    else this.fail(errorCode.protocol, "a second head");
  }

  #onNewBlock(id: number, fields: readonly HeaderField[], ended: boolean): void {
    if (!this.#isIdle(id)) {
      const fate = this.#closed.of(id);
      if (fate === "ended") this.fail(errorCode.streamClosed, "HEADERS of a closed stream");
      else if (fate === undefined) this.fail(errorCode.protocol, "a stream of lower number");
      return;
    }
    if (this.#role === "client" || id % 2 === 0) {
      this.fail(errorCode.protocol, "a stream that the peer may not open");
      return;
    }
    this.#last = id;
    this.#opened += 1;
    if (this.#leaving || this.streams.size >= this.#own.maxConcurrentStreams) {
      this.#closed.add(id, true);
      this.outbox.writer.reset(id, errorCode.refusedStream);
      this.onOutput();
      return;
    }
    this.#served = id;
    const stream = new Http2Stream(id, this.#own.window, this.outbox.initialWindow);
    stream.headed = true;
    stream.remoteClosed = ended;
    this.streams.add(stream);
    this.#owner.onRequest(stream, fields, ended);
  }

  #onData(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const padding = paddingOf(flags, bytes, start, end);
    if (padding === undefined) {
      this.fail(errorCode.protocol, "padding");
      return;
    }
    const ended = (flags & flag.endStream) !== 0;
    if (!this.allow(frameType.data, end - start === padding && !ended)) return;
    const stream = this.streams.get(id);
    const fits = this.#inbox.arrived(stream, end - start);
    if (stream === undefined) this.#onLateData(id, end - start);
    else if (stream.remoteClosed) this.fail(errorCode.streamClosed, "DATA behind the end of a stream");
    else if (!stream.headed) this.fail(errorCode.protocol, "DATA before HEADERS");
    else if (fits) {
      this.#inbox.take(stream, padding);
      const from = padding === 0 ? start : start + 1;
      this.#inbox.data(stream, bytes, from, padding === 0 ? end : end - padding + 1, ended);
    } else this.fail(errorCode.flowControl, "window exceeded");
  }

  #onLateData(id: number, size: number): void {
    if (this.#isIdle(id)) this.fail(errorCode.protocol, "DATA of an idle stream");
    else if (this.#closed.of(id) === "ended") this.fail(errorCode.streamClosed, "DATA of a closed stream");
    else this.#inbox.take(undefined, size);
  }

  // What becomes of streams.

  onOutput(): void {
    this.#owner.onOutput();
  }

  onFull(): void {
    this.#owner.onFull();
  }

  onLocalEnd(stream: Http2Stream): void {
    if (stream.resetAtEnd && !stream.remoteClosed) this.reset(stream, errorCode.none);
    else this.#settle(stream);
  }

  onRemoteEnd(stream: Http2Stream): void {
    this.#settle(stream);
  }

  /** A stream whose both sides have ended, and whose body was read, is over. */
  #settle(stream: Http2Stream): void {
    if (stream.localClosed && stream.remoteClosed && !stream.paused) this.#end(stream, false);
  }

  /** It ends before its time, and not by us. */
  #cut(stream: Http2Stream, code: number | undefined): void {
    this.#end(stream, false);
    stream.reader?.onReset(code);
  }

  #end(stream: Http2Stream, byUs: boolean): void {
    if (stream.closed) return;
    stream.closed = true;
    this.streams.delete(stream);
    this.#closed.add(stream.id, byUs);
    this.outbox.forget(stream);
    this.#inbox.forget(stream);
    this.#owner.onStreamEnd();
  }
}
