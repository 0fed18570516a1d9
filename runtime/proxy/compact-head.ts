import type { RequestHead } from "../wire/http1/head.ts";

/** A copy that holds on to its own headers only: the buffer that a head was read from may be far larger than the head. */
export function compactHead<Head extends Pick<RequestHead, "bytes" | "fields">>(head: Head): Head {
  const { fields } = head;
  const from = fields[0] ?? 0;
  // A header's line ends in CRLF behind its value.
  const to = fields.length === 0 ? 0 : (fields[fields.length - 1] ?? 0) + 2;
  return { ...head, bytes: Buffer.from(head.bytes.subarray(from, to)), fields: fields.map((at) => at - from) };
}
