import { assertNever } from "../core/assert-never.ts";
import type { HeaderEdit } from "../model/header-edit.ts";
import type { UpstreamHttp } from "../model/snapshot.ts";
import type { ResetReason } from "../traffic/reset.ts";
import { upstreamFraming, writeRequestHead } from "../wire/http1/write.ts";
import { pairsOf } from "../wire/http2/fields.ts";
import { listRequest } from "../wire/http2/write.ts";
import { resetByPeer, wrongVersion } from "./handshake.ts";
import { understood } from "./http-answer.ts";
import { frameBody, type Message } from "./messages.ts";
import type { Answer, HttpAnswer, Payload } from "./payload.ts";

export type Protocol = "HTTP/1.1" | "HTTP/2";

/** The version in which a request goes on. */
export function upstreamProtocol(http: UpstreamHttp, message: Message): Protocol {
  switch (http) {
    case "http1":
      return "HTTP/1.1";
    case "http2":
      return "HTTP/2";
    case "downstream":
      return message.protocol === "HTTP/2" ? "HTTP/2" : "HTTP/1.1";
    default:
      return assertNever(http);
  }
}

export interface HeadChange {
  readonly target: string;
  readonly authority: string;
  readonly edit: HeaderEdit;
}

/** A request as it goes on, in the form of its protocol. `patienceMs`: how long this side waits for the answer. */
export function sentAs(
  protocol: Protocol,
  message: Message,
  change: HeadChange,
  patienceMs = message.patienceMs,
): Payload {
  const { head, body, whole, broken } = message;
  // What cannot be sent to its end is broken off at once.
  const limit = broken !== undefined ? { patienceMs: 0 } : patienceMs === undefined ? {} : { patienceMs };
  if (protocol === "HTTP/2") return { kind: "h2", fields: pairsOf(listRequest(head, change)), body, whole, ...limit };
  const framing = upstreamFraming(head);
  const framed = frameBody(body, whole, framing);
  return { kind: "bytes", bytes: writeRequestHead(head, { ...change, framing, body: framed }), ...limit };
}

export type Judged =
  /** `seen`: the answer as the client codec understood it. */
  | { readonly kind: "answered"; readonly seen: HttpAnswer; readonly details: string }
  | {
      readonly kind: "failed";
      readonly reason: ResetReason;
      readonly transport: string;
      /** Some byte of the request had been sent. */
      readonly started: boolean;
    };

/** How a proxy sees what came back from a try; `tls`: it had started TLS. */
export function judgeAnswer(answer: Exclude<Answer, { kind: "hang" }>, message: Message, tls: boolean): Judged {
  const failure = failureOf(answer, tls);
  if (failure !== undefined) {
    return { kind: "failed", ...failure, started: failure.reason === "connection termination" };
  }
  const seen = answer.kind === "http" ? understood(answer, message.head.method) : undefined;
  if (seen === undefined) return { kind: "failed", reason: "protocol error", transport: "", started: true };
  if (message.head.upgrade === undefined || seen.status === 101) {
    return { kind: "answered", seen, details: "via_upstream" };
  }
  // The server answers an upgrade as if it had been an ordinary request: Envoy keeps its headers and drops the body (errata traffic C9).
  if (seen.status >= 200 && seen.status < 300) {
    const headers = seen.headers.filter(([name]) => !name.startsWith("content-"));
    const empty = { ...seen, headers: [...headers, ["content-length", "0"] as const], body: "" };
    return { kind: "answered", seen: empty, details: "websocket_handshake_unsuccessful" };
  }
  return { kind: "answered", seen, details: "via_upstream" };
}

export interface Failure {
  readonly reason: "remote connection failure" | "connection termination";
  readonly transport: string;
}

/** What is wrong with an answer below HTTP. */
export function failureOf(answer: Answer, tls: boolean): Failure | undefined {
  switch (answer.kind) {
    case "tls-failed":
      return answer.late
        ? { reason: "connection termination", transport: "" }
        : { reason: "remote connection failure", transport: answer.text };
    case "refused":
      return { reason: "remote connection failure", transport: "delayed connect error: Connection refused" };
    case "closed":
      return tls && answer.tls === undefined
        ? { reason: "remote connection failure", transport: resetByPeer }
        : { reason: "connection termination", transport: "" };
    case "http":
    case "bytes":
      return tls && answer.tls === undefined
        ? { reason: "remote connection failure", transport: wrongVersion }
        : undefined;
    case "hang":
      return undefined;
    default:
      return assertNever(answer);
  }
}

/** The verified name of the server at the other end of the proxy's TLS. */
export function peerOf(answer: Answer): string | undefined {
  if (answer.kind === "tls-failed") return answer.session?.server.uriSans[0];
  return "tls" in answer ? answer.tls?.server.uriSans[0] : undefined;
}
