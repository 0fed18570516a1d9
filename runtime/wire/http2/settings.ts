import { errorCode, maxWindow } from "./frame.ts";
import { uint32 } from "./frame-reader.ts";

const id = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  enableConnectProtocol: 8,
} as const;

/** Which side of the connection we are. */
export type Role = "server" | "client";

/** What we tell a peer; everything else is as RFC 9113 §6.5.2 has it by default. */
export interface OwnSettings {
  readonly maxConcurrentStreams: number;
  /** Of each stream, in bytes. */
  readonly window: number;
  /** Of all streams together. */
  readonly connectionWindow: number;
}

export function settingsEntries(own: OwnSettings, role: Role): readonly (readonly [id: number, value: number])[] {
  const both = [
    [id.maxConcurrentStreams, own.maxConcurrentStreams],
    [id.initialWindowSize, own.window],
  ] as const;
  return role === "client" ? [[id.enablePush, 0], ...both] : both;
}

export interface SettingsSink {
  readonly onTableSize: (size: number) => void;
  readonly onMaxStreams: (count: number) => void;
  /** False: the window of some stream would be too large. */
  readonly onInitialWindow: (size: number) => boolean;
}

/** Obeys a peer's settings in the order in which they stand; the code of the connection error, or 0. */
export function readSettings(bytes: Buffer, from: number, to: number, own: Role, sink: SettingsSink): number {
  for (let at = from; at < to; at += 6) {
    const value = uint32(bytes, at + 2);
    switch (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)) {
      case id.headerTableSize:
        sink.onTableSize(value);
        break;
      case id.enablePush:
        // A server must not say that it wants to be pushed to.
        if (value > 1 || (value === 1 && own === "client")) return errorCode.protocol;
        break;
      case id.maxConcurrentStreams:
        sink.onMaxStreams(value);
        break;
      case id.initialWindowSize:
        if (value > maxWindow || !sink.onInitialWindow(value)) return errorCode.flowControl;
        break;
      case id.maxFrameSize:
        // More than the least is never made use of.
        if (value < 16_384 || value > 16_777_215) return errorCode.protocol;
        break;
      case id.enableConnectProtocol:
        if (value > 1) return errorCode.protocol;
        break;
      default:
    }
  }
  return errorCode.none;
}
