import { frameType, preface, readFrames } from "../bench/http2-frames.ts";
import { data, headers, settings } from "./http2-raw.ts";

/** What a client begins with. */
export function opening(): Buffer {
  return Buffer.concat([preface, settings]);
}

/** One request: its header list, of any bytes, and if there is one its body. */
export function request(stream: number, fields: readonly (readonly [string, string])[], body?: string): Buffer {
  const head = headers(stream, fields, body === undefined);
  return body === undefined ? head : Buffer.concat([head, data(stream, Buffer.from(body, "latin1"))]);
}

/** What came back: `answered` for a header block on the stream, `reset` for the stream's or the connection's end. */
export function verdictOf(received: Buffer, stream: number): "answered" | "reset" | undefined {
  const verdicts: ("answered" | "reset")[] = [];
  readFrames(({ type, stream: of }) => {
    if (type === frameType.headers && of === stream) verdicts.push("answered");
    if ((type === frameType.reset && of === stream) || type === frameType.goaway) verdicts.push("reset");
  })(received);
  return verdicts[0];
}
