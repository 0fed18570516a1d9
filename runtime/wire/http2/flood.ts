import { frameType } from "./frame.ts";

/** Envoy's limits on what a peer may make us do (`envoy.config.core.v3.Http2ProtocolOptions`, its defaults). */
const limit = {
  consecutiveEmptyFrames: 1,
  priorityFramesPerStream: 100,
  windowUpdatesPerDataFrame: 10,
  /** Frames that wait because the peer does not read; those of them that answer a frame or end a stream. */
  outboundFrames: 10_000,
  outboundControlFrames: 1000,
} as const;

/** Counts the frames of a connection that cost their sender nothing. */
export class FloodGuard {
  #empty = 0;
  #priorities = 0;
  #windowUpdates = 0;

  /** False: it is one too many. `dataSent`: DATA frames that we have sent. */
  inbound(type: number, bare: boolean, streams: number, dataSent: number): boolean {
    switch (type) {
      case frameType.data:
      case frameType.headers:
      case frameType.continuation:
        this.#empty = bare ? this.#empty + 1 : 0;
        return this.#empty <= limit.consecutiveEmptyFrames;
      case frameType.priority:
        this.#priorities += 1;
        return this.#priorities <= limit.priorityFramesPerStream * (1 + streams);
      case frameType.windowUpdate:
        this.#windowUpdates += 1;
        return this.#windowUpdates <= 5 + 2 * (streams + limit.windowUpdatesPerDataFrame * dataSent);
      default:
        return true;
    }
  }
}

/** Whether more waits for a peer than it may leave unread. */
export function isUnreadFlood(frames: number, controlFrames: number): boolean {
  return frames > limit.outboundFrames || controlFrames > limit.outboundControlFrames;
}
