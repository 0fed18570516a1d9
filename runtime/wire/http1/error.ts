import type { RequestHead } from "./head.ts";

/** How a message that breaks the protocol is answered, word for word as Envoy does (errata traffic C8, security 4, 25, 28, 33). */
export interface CodecError {
  /** Status of the local reply. */
  readonly status: number;
  /** Exact body; `""` for none. */
  readonly body: string;
  readonly details: string;
  /** Envoy's response flags; `-` for none. */
  readonly flags: string;
  /** Whether the connection must be closed after the reply: nothing that follows can be trusted. */
  readonly close: boolean;
  /** The request, when its head was well formed and only its meaning was refused. */
  readonly head?: RequestHead;
}

function protocolError(status: number, body: string, details: string): CodecError {
  return { status, body, details, flags: "DPE", close: true };
}

const bad = (details: string): CodecError => protocolError(400, "Bad Request", details);

/** The refusals of the request codec. */
export const refusal = {
  codec: bad("http1.codec_error"),
  characters: bad("http1.invalid_characters"),
  url: bad("http1.invalid_url"),
  scheme: bad("http1.invalid_scheme"),
  authority: bad("http.invalid_authority"),
  nominated: bad("http1.connection_header_rejected"),
  bothFramings: bad("http1.content_length_and_chunked_not_allowed"),
  /** CONNECT has no body. */
  bodyDisallowed: bad("http1.body_disallowed"),
  coding: protocolError(501, "Not Implemented", "http1.invalid_transfer_encoding"),
  headersTooLarge: protocolError(431, "Request Header Fields Too Large", "http1.headers_too_large"),
  tooManyHeaders: protocolError(431, "Request Header Fields Too Large", "http1.too_many_headers"),
  /** HTTP/1.0 and every version but 1.1; what to do with 1.0 is the caller's choice (PILOT_HTTP10). */
  lowVersion: protocolError(426, "Upgrade Required", "low_version"),
} as const satisfies Readonly<Record<string, CodecError>>;
