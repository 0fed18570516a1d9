import type { CodecError } from "../http1/error.ts";

/** HTTP/2 has no answer to a broken message (status 0): its connection is closed, or its stream is reset where `close` is false. */
function broken(details: string, flags: "DPE" | "DR", close: boolean): CodecError {
  return { status: 0, body: "", details, flags, close };
}

/** The refusals of Envoy's HTTP/2 codec (errata traffic A17; others taken from Envoy 1.40 at work). */
export const refusal2 = {
  field: broken("http2.invalid.header.field", "DPE", true),
  messaging: broken("http2.violation.of.messaging.rule", "DPE", true),
  /** The body is not as long as the head said; the stream is reset. */
  length: broken("http2.remote_reset", "DPE", false),
  tooManyHeaders: broken("http2.too_many_headers", "DR", false),
  listTooLarge: broken("http2.header_list_size_too_large", "DR", false),
} as const satisfies Readonly<Record<string, CodecError>>;
