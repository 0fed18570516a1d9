/** What one reader made of the first request of a connection: `read METHOD target body`, `refused CODE`, `tunnel …` or `waits`. */
export interface Verdicts {
  /** The bytes up to the end of the first head, one character per byte. */
  readonly head: string;
  readonly ours: string;
  readonly node: string;
}

interface Difference {
  readonly name: string;
  /** The recorded verdict of real Envoy that decides, or why the two cannot agree. */
  readonly because: string;
  readonly explains: (verdicts: Verdicts) => boolean;
}

const refusesOurs =
  (code: string) =>
  ({ ours, node }: Verdicts) =>
    ours === `refused ${code}` && !node.startsWith("refused");
const refusesNode =
  (pattern: RegExp) =>
  ({ head, ours, node }: Verdicts) =>
    !ours.startsWith("refused") && node.startsWith("refused") && pattern.test(head);

/** Every way in which Node's strict parser and Envoy's differ on raw bytes. A difference that none of these explains is a defect. */
export const differences: readonly Difference[] = [
  {
    name: "a bare LF ends a line",
    because: "Envoy accepts it: traffic/headers raw-inbound lf-only. Written as CRLF.",
    explains: refusesNode(/(?:^|[^\r])\n/),
  },
  {
    name: "blanks and tabs around the parts of a request line",
    because: "Envoy accepts them: traffic/headers raw-inbound spaces. Written as one blank each.",
    explains: refusesNode(
      /^(?:\r?\n)*[A-Z]+(?:[ \t]{2,}|\t)|^(?:\r?\n)*[^\r\n]*(?:[ \t]{2,}|\t)HTTP|^(?:\r?\n)*[^\r\n]*[ \t]\r?\n/,
    ),
  },
  {
    name: "a folded line",
    because: "Envoy accepts it: traffic/headers raw-inbound obsfold. Written as one line.",
    explains: refusesNode(/\n[ \t]/),
  },
  {
    name: "no Host",
    because: "400 missing_host_header: traffic/headers raw-inbound nohost. Node was told not to ask for it.",
    explains: refusesOurs("missing_host_header"),
  },
  {
    name: "a version other than 1.1",
    because: "426 low_version: traffic/headers raw-inbound h10, h09, badver, badver2.",
    explains: refusesOurs("low_version"),
  },
  {
    name: "characters in Host",
    because: "400 http.invalid_authority: traffic/headers raw-inbound host-list. Node does not look.",
    explains: refusesOurs("http.invalid_authority"),
  },
  {
    name: "a coding besides chunked",
    because: "501: traffic/headers raw-inbound te-two, te-unknown, te-identity.",
    explains: refusesOurs("http1.invalid_transfer_encoding"),
  },
  {
    name: "a scheme that is not HTTP's",
    because: "400 http1.invalid_scheme: security/normalization forms.",
    explains: refusesOurs("http1.invalid_scheme"),
  },
  {
    name: "`*` for a method that knows none, CONNECT to something that is no host and port",
    because: "400 http1.invalid_url: security/normalization forms.",
    explains: refusesOurs("http1.invalid_url"),
  },
  {
    name: "OPTIONS *",
    because: "404 absolute_path_rejected: security/normalization forms.",
    explains: refusesOurs("absolute_path_rejected"),
  },
  {
    name: "Connection names a header that says who called",
    because: "400 http1.connection_header_rejected: errata security 28.",
    explains: refusesOurs("http1.connection_header_rejected"),
  },
  {
    name: "CONNECT with a body",
    because:
      "400 http1.body_disallowed, as Envoy 1.40 answers (test/fuzz/envoy.test.ts). Node takes it for bytes of the tunnel.",
    explains: refusesOurs("http1.body_disallowed"),
  },
  {
    name: "blanks behind a chunk size, characters in a chunk extension, sloppy lines or framing headers among trailers",
    because:
      "Envoy 1.40 drops extensions and trailers unseen (test/fuzz/envoy.test.ts; traffic/headers raw-inbound chunk-ext, chunk-trailer), and so do we.",
    explains: ({ ours, node, head }) =>
      ours.startsWith("read") &&
      /^refused HPE_(?:STRICT|CR_EXPECTED|INVALID_CHUNK_SIZE|INVALID_HEADER_TOKEN|INVALID_CONTENT_LENGTH|INVALID_TRANSFER_ENCODING|UNEXPECTED_CONTENT_LENGTH)$/.test(
        node,
      ) &&
      /\ntransfer-encoding:/i.test(head),
  },
  {
    name: "a length beyond exact numbers",
    because: "stricter on purpose: 2^53 bytes are more than any body has, and no hop may round them.",
    explains: (verdicts) =>
      refusesOurs("http1.codec_error")(verdicts) && /\ncontent-length:[^\n]*\d{16}/i.test(verdicts.head),
  },
  {
    name: "a CONNECT line without target or version",
    because: "400 http1.codec_error: traffic/headers raw-inbound nopath. Node takes any text behind CONNECT.",
    explains: (verdicts) => refusesOurs("http1.codec_error")(verdicts) && /^(?:\r?\n)*CONNECT[ \t]/.test(verdicts.head),
  },
  {
    name: "QUERY without a type",
    because: "400 query_missing_content_type, as Envoy 1.40 answers (test/fuzz/envoy.test.ts).",
    explains: refusesOurs("query_missing_content_type"),
  },
  {
    name: "methods that Envoy does not know",
    because: "400 http1.codec_error: traffic/headers raw-inbound badmethod; errata security 33.",
    explains: (verdicts) =>
      refusesOurs("http1.codec_error")(verdicts) && /^(?:\r?\n)*(?:M-SEARCH|[^A-Z])/.test(verdicts.head),
  },
  {
    name: "an absolute target",
    because:
      "its authority replaces Host and the path goes on alone: security/normalization forms. Node shows it as written.",
    explains: ({ head, ours, node }) =>
      ours.startsWith("read") && node.startsWith("read") && /^(?:\r?\n)*[A-Z]+[ \t]+https?:/i.test(head),
  },
  {
    name: "h2c",
    because: "the offer is ignored: traffic/headers raw-inbound upgrade-h2c. Node tells it as an upgrade.",
    explains: ({ head, ours, node }) =>
      !ours.startsWith("tunnel") && node.startsWith("tunnel") && /\nupgrade:[^\n]*h2c/i.test(head),
  },
];
