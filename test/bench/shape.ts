/** Bytes of an answer's body, by the path that asks for it. */
export const bodySizes = { s: 128, l: 65_536 } as const;

/** A TCP connection that begins with this gets bytes without end; any other gets its own bytes back. */
export const flood = "f";

/** What is sent through a chain. */
export interface Shape {
  readonly name: string;
  /** `connect` rows open a new connection of the caller for every request. */
  readonly protocol: "http/1.1" | "http/1.1 connect" | "http/2" | "tcp" | "tcp connect";
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly streams: number;
  readonly bodyBytes: number;
}

const http1: Omit<Shape, "name" | "connections" | "bodyBytes"> = { protocol: "http/1.1", streams: 1 };

/** The shape that the targets are about. */
export const mainShape: Shape = {
  ...http1,
  name: "HTTP/1.1 keep-alive, 32 connections, 128 B",
  connections: 32,
  bodyBytes: bodySizes.s,
};

export const shapes: readonly Shape[] = [
  mainShape,
  { ...http1, name: "HTTP/1.1 keep-alive, 1 connection, 128 B", connections: 1, bodyBytes: bodySizes.s },
  { ...http1, name: "HTTP/1.1 keep-alive, 32 connections, 64 KiB", connections: 32, bodyBytes: bodySizes.l },
  { ...http1, name: "HTTP/1.1 keep-alive, 1 connection, 64 KiB", connections: 1, bodyBytes: bodySizes.l },
  {
    name: "HTTP/2, 4 connections x 16 streams, 128 B",
    protocol: "http/2",
    connections: 4,
    streams: 16,
    bodyBytes: bodySizes.s,
  },
  {
    name: "HTTP/1.1, a new connection of the caller for each request, 128 B",
    protocol: "http/1.1 connect",
    connections: 8,
    streams: 1,
    bodyBytes: bodySizes.s,
  },
  {
    name: "TCP, a new connection and so a new TLS handshake for each 128 B",
    protocol: "tcp connect",
    connections: 8,
    streams: 1,
    bodyBytes: bodySizes.s,
  },
  { name: "TCP, bytes from server to caller, 1 connection", protocol: "tcp", connections: 1, streams: 1, bodyBytes: 0 },
];
