import type { OwnSettings } from "../wire/http2/settings.ts";

/**
 * What we tell the other side. Streams at once are Envoy's default since 1.36 (spec traffic 5.3.6). Its windows are 16 and
 * 24 MiB, for links with latency; here every peer is on the same machine, and a window is memory that a peer may fill
 * unread, so these are smaller: a connection may hold as much as sixteen stalled streams.
 */
export const settings: OwnSettings = {
  maxConcurrentStreams: 1024,
  window: 1024 * 1024,
  connectionWindow: 16 * 1024 * 1024,
};
