import { createBodyScanner, encodeChunks, payloadOf } from "../../runtime/wire/http1/body.ts";
import { mayComplete, parseRequestHead, type RequestHead } from "../../runtime/wire/http1/head.ts";
import type { CodecError } from "../../runtime/wire/http1/error.ts";
import type { HeaderBlock } from "../../runtime/wire/http1/fields.ts";
import { writeRequestHead } from "../../runtime/wire/http1/write.ts";

/** What the codec made of one request of a connection. */
export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  readonly scheme: string | undefined;
  readonly upgrade: string | undefined;
  readonly keepAlive: boolean;
  readonly framing: string;
  readonly headers: readonly (readonly [string, string])[];
  /** One character per byte. */
  readonly body: string;
  /** The request as it would be forwarded, one character per byte; `""` while its body is incomplete. */
  readonly wire: string;
}

export interface ReadConnection {
  readonly requests: readonly ReadRequest[];
  /** How reading ended: more bytes are wanted, or the code of a refusal, or bytes that are no longer HTTP. */
  readonly end: "head" | "body" | "tunnel" | CodecError;
}

const empty = Buffer.alloc(0);

/** Reads pipelined requests from the pieces as they come, as a server does. */
export function readConnection(pieces: readonly Buffer[]): ReadConnection {
  const requests: ReadRequest[] = [];
  let pending: Buffer = empty;
  let open:
    | { readonly head: RequestHead; readonly scan: ReturnType<typeof createBodyScanner>; body: string; wire: string }
    | undefined;

  /** Bytes of a body; what is left behind it. */
  function feed(bytes: Buffer, from: number): CodecError | undefined {
    if (open === undefined) return undefined;
    const part = open.scan.scan(bytes, from);
    if (part.kind === "error") return part.error;
    if (part.end < from || part.end > bytes.length) throw new Error("a body ends outside of its input");
    const payload = payloadOf(bytes, part);
    if (payload.length !== part.size) throw new Error("a body part of another size");
    open.body += payload.toString("latin1");
    open.wire += (open.head.framing.kind === "chunked" ? encodeChunks(bytes, from, part) : payload).toString("latin1");
    pending = bytes.subarray(part.end);
    if (!part.done) {
      if (pending.length > 0) throw new Error("an unfinished body leaves bytes");
      return undefined;
    }
    const last = requests.length - 1;
    const { head, body, wire } = open;
    requests[last] = describe(head, body, writeRequestHead(head).toString("latin1") + wire);
    open = undefined;
    return undefined;
  }

  for (const piece of pieces) {
    if (open !== undefined) {
      const error = feed(piece, 0);
      if (error !== undefined) return { requests, end: error };
    } else {
      const fresh = pending.length;
      pending = fresh === 0 ? piece : Buffer.concat([pending, piece]);
      if (fresh > 0 && !mayComplete(pending, 0, fresh)) continue;
    }
    while (open === undefined && pending.length > 0) {
      const result = parseRequestHead(pending, 0);
      if (result.kind === "incomplete") {
        pending = pending.subarray(result.from);
        break;
      }
      if (result.kind === "error") return { requests, end: result.error };
      const { head, next } = result;
      if (next <= 0 || next > pending.length) throw new Error("a head ends outside of its input");
      requests.push(describe(head, "", ""));
      if (head.upgrade !== undefined || head.method === "CONNECT") return { requests, end: "tunnel" };
      open = { head, scan: createBodyScanner(head.framing), body: "", wire: "" };
      const error = feed(pending, next);
      if (error !== undefined) return { requests, end: error };
    }
  }
  return { requests, end: open === undefined ? "head" : "body" };
}

/** Header lines with one character per byte. */
export function headersOf({ bytes, fields }: HeaderBlock): readonly (readonly [string, string])[] {
  return Array.from({ length: fields.length / 4 }, (_, at) => {
    const [nameFrom, nameTo, from, to] = fields.slice(4 * at, 4 * at + 4);
    return [bytes.toString("latin1", nameFrom, nameTo).toLowerCase(), bytes.toString("latin1", from, to)] as const;
  });
}

function describe(head: RequestHead, body: string, wire: string): ReadRequest {
  const { method, target, authority, scheme, upgrade, keepAlive } = head;
  const framing = head.framing.kind === "length" ? `${head.framing.length}` : head.framing.kind;
  return { method, target, authority, scheme, upgrade, keepAlive, framing, headers: headersOf(head), body, wire };
}
