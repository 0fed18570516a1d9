/** What a trick plays with. */
export const techniques = [
  "plain",
  "path",
  "query",
  "method",
  "host",
  "header",
  "identity",
  "framing",
  "protocol",
  "bypass",
] as const;
export type Technique = (typeof techniques)[number];

/** What is asked for in one attempt. */
export interface Shot {
  readonly method: string;
  /** The denied path, as the policy writes it. */
  readonly path: string;
  /** Host and port by which the caller names the service. */
  readonly authority: string;
  /** A path that the caller may call; where none is known, one that nobody serves. */
  readonly open: string;
  /** An identity that a policy names, without `spiffe://`. */
  readonly trusted: string;
}

/** By what a request is found again in a log. */
export interface Marks {
  /** Unique in this run; every request carries it in its query, `user-agent` and `x-request-id`. */
  readonly marker: string;
  /** Marks the request around a smuggled one; a line with both is a dump of what was sent. */
  readonly outer: string;
}

/** What goes over the wire. */
export type Wire =
  /** One character is one byte; `afterwards` follows the first answer on the same connection. */
  | { readonly kind: "bytes"; readonly bytes: string; readonly afterwards?: string }
  /** HTTP/2 with prior knowledge. */
  | {
      readonly kind: "http2";
      readonly method: string;
      readonly target: string;
      readonly authority: string;
      readonly headers: readonly (readonly [string, string])[];
    }
  /** TLS of the attacker's own making, and bytes inside of it. */
  | {
      readonly kind: "tls";
      readonly serverName: string;
      readonly alpn: readonly string[];
      /** Shows a certificate in the name of whom a policy trusts, which no CA of the mesh has signed. */
      readonly forged: boolean;
      readonly bytes: string;
    };

/** One way of asking for a denied resource all the same. */
export interface Attempt {
  readonly technique: Technique;
  /** In words, unique within its technique: "two slashes". */
  readonly name: string;
  /** The request in one line, for people. */
  readonly shown: string;
  readonly write: (marks: Marks) => Wire;
  /** Method on the wire, of the request that names the denied path. */
  readonly method: string;
  /** Headers that name the denied path: a line that only repeats one of them is no proof. */
  readonly carriers: readonly string[];
}

type Header = readonly [name: string, value: string];

/** Headers by which log lines can be told, whatever an application logs. */
export function markHeaders(marker: string): readonly Header[] {
  return [
    ["user-agent", `meshdev-probe/${marker}`],
    ["x-request-id", marker],
  ];
}

/** The query parameter that carries the marker. */
export const markerName = "mdprobe";

/** The target with the marker in its query, before a fragment. */
export function markTarget(target: string, marker: string): string {
  const [before = "", ...fragment] = target.split("#");
  const mark = `${before.includes("?") ? "&" : "?"}${markerName}=${marker}`;
  return [before + mark, ...fragment].join("#");
}

export interface Head {
  readonly method?: string;
  /** Default: the denied path. */
  readonly target?: string;
  readonly version?: string;
  readonly host?: readonly string[];
  readonly headers?: readonly Header[];
  readonly keepAlive?: boolean;
  readonly lineEnd?: string;
}

/** A whole HTTP/1 request without a body. */
export function requestBytes(shot: Shot, marker: string, head: Head = {}): string {
  const method = head.method ?? shot.method;
  const end = head.lineEnd ?? "\r\n";
  const headers: readonly Header[] = [
    ...(head.host ?? [shot.authority]).map((value): Header => ["host", value]),
    ...markHeaders(marker),
    ...(head.headers ?? []),
    ...(/^(?:POST|PUT|PATCH)$/i.test(method) ? [["content-length", "0"] as const] : []),
    ...(head.keepAlive === true ? [] : [["connection", "close"] as const]),
  ];
  const target = markTarget(head.target ?? shot.path, marker);
  const lines = [
    `${method} ${target} ${head.version ?? "HTTP/1.1"}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join(end)}${end}${end}`;
}

/** An attempt that is one HTTP/1 request; `head`: what differs from a plain one. */
export function http1(
  shot: Shot,
  technique: Technique,
  name: string,
  head: Head,
  more: { readonly shown?: string; readonly carriers?: readonly string[] } = {},
): Attempt {
  const method = head.method ?? shot.method;
  return {
    technique,
    name,
    shown: more.shown ?? `${method} ${head.target ?? shot.path}`,
    write: ({ marker }) => ({ kind: "bytes", bytes: requestBytes(shot, marker, head) }),
    method,
    carriers: more.carriers ?? [],
  };
}

/** The denied request as it is. */
export function plainAttempt(shot: Shot): Attempt {
  return http1(shot, "plain", "as it is", {});
}
