import type { ServerSessionOptions, SessionOptions, Settings } from "node:http2";

/**
 * What we tell the other side. Streams at once are Envoy's default since 1.36 (spec traffic 5.3.6). Its windows are 16 and
 * 24 MiB, for links with latency; here every peer is on the same machine, and a window is memory that a peer may fill
 * unread, so these are smaller: a connection may hold as much as sixteen stalled streams.
 */
export const settings: Settings = {
  enablePush: false,
  maxConcurrentStreams: 1024,
  initialWindowSize: 1024 * 1024,
};

export const connectionWindow = 16 * 1024 * 1024;

/** Header names that Node holds to be single may repeat in what passes through a proxy; not in the types yet. */
const untyped = { strictSingleValueFields: false };

/**
 * Limits of nghttp2 on what a peer may make us do. Header lists are measured by our own codec, which tells what it refuses;
 * here they only must not grow without end. Left at nghttp2's defaults: resets (1000 at once, 33 a second), CONTINUATION
 * frames (8), unread acknowledgements (1000); Node ends a session after 1000 invalid frames, empty DATA among them.
 */
export const sessionOptions: SessionOptions & ServerSessionOptions = {
  settings,
  maxHeaderListPairs: 1024,
  // MiB: answers that peers do not read wait here, each bounded by its stream's buffer.
  maxSessionMemory: 128,
  maxDeflateDynamicTableSize: 4096,
  strictFieldWhitespaceValidation: false,
  ...untyped,
};
