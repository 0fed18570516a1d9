import { Socket } from "node:net";

/** Takes what arrives. The bytes are its own: nothing else writes into them later. */
export type OnBytes = (bytes: Buffer) => void;

/** What Node keeps of a socket that was opened with its option `onread`. */
interface ReadState {
  readonly buffer: symbol;
  readonly callback: symbol;
}

/** One for all sockets: what was read into it is copied before anything else can be read. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Gives `onBytes` what arrives on a connected socket from now on, instead of events `data`; called again, it gives the rest to
 * another. Returns what had been read before and was not taken. Pausing, resuming and the events `end`, `close` and `error` stay as they are.
 *
 * Node's streams allocate 64 KiB for each read and give most of it back: a fifth of what a small request costs. Its documented way
 * around that, `onread`, exists only for sockets that one connects oneself, so for accepted ones and for TLS the same is set here. Where a
 * version of Node keeps it elsewhere, events `data` do as well.
 */
export function readBytes(socket: Socket, onBytes: OnBytes): Buffer | undefined {
  const handle: unknown = Reflect.get(socket, "_handle");
  const early: unknown = socket.read();
  const before = Buffer.isBuffer(early) ? early : undefined;
  if (state === undefined || !hasUserBuffer(handle)) {
    const earlier = listening.get(socket);
    if (earlier !== undefined) socket.off("data", earlier);
    listening.set(socket, onBytes);
    socket.on("data", onBytes);
    return before;
  }
  const isNew = Reflect.get(socket, state.buffer) !== shared;
  Reflect.set(socket, state.callback, (count: number) => {
    const bytes = Buffer.allocUnsafe(count);
    bytes.set(count === shared.length ? shared : shared.subarray(0, count));
    onBytes(bytes);
  });
  if (isNew) {
    Reflect.set(socket, state.buffer, shared);
    handle.useUserBuffer(shared);
  }
  return before;
}

/** Reads on, where reading had been stopped: with every request somebody asks for it, and nearly always in vain. */
export function goOn(socket: Socket): void {
  if (socket.readableFlowing !== true) socket.resume();
}

/** Whether `readBytes` was called for it: then its bytes come as no event. */
export function isReadAsBytes(socket: Socket): boolean {
  return listening.has(socket) || (state !== undefined && Reflect.get(socket, state.buffer) === shared);
}

const listening = new WeakMap<Socket, OnBytes>();

function hasUserBuffer(handle: unknown): handle is { readonly useUserBuffer: (buffer: Buffer) => void } {
  return typeof handle === "object" && handle !== null && "useUserBuffer" in handle;
}

const state = findReadState();

function findReadState(): ReadState | undefined {
  const symbols = new Map(Object.getOwnPropertySymbols(new Socket()).map((each) => [each.description, each]));
  const buffer = symbols.get("kBuffer");
  const callback = symbols.get("kBufferCb");
  return buffer === undefined || callback === undefined ? undefined : { buffer, callback };
}
