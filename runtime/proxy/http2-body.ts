import { constants } from "node:http2";
import type { Http2Stream, OutgoingHttpHeaders } from "node:http2";
import type { Framing } from "../wire/http1/semantics.ts";
import { isFieldSafe } from "../wire/http2/fields.ts";
import type { HeaderList } from "../wire/http2/fields.ts";
import { barePiece, lastPiece } from "./piece.ts";
import type { Piece } from "./piece.ts";

export interface BodyReader {
  /** False stops the flow until the stream is resumed. */
  readonly piece: (piece: Piece) => boolean;
  /** It is not what its head promised. */
  readonly broken: () => void;
}

/** Passes on what comes after a head. A body that is cut off never gets a last piece. */
export function readBody(stream: Http2Stream, framing: Framing, reader: BodyReader): void {
  let size = 0;
  let trailers: HeaderList | undefined;
  let over = false;

  function fail(): void {
    over = true;
    reader.broken();
  }

  stream.on("trailers", (_headers: unknown, _flags: unknown, list: unknown) => {
    if (isHeaderList(list)) trailers = list;
  });
  stream.on("data", (chunk: Buffer) => {
    if (over) return;
    size += chunk.length;
    if (framing.kind === "length" && size > framing.length) fail();
    else if (!reader.piece(barePiece(chunk, false))) stream.pause();
  });
  stream.on("end", () => {
    if (over || (isCut(stream) && !(framing.kind === "length" && size === framing.length))) return;
    if (framing.kind === "length" && size !== framing.length) fail();
    else if (trailers === undefined) reader.piece(lastPiece);
    else if (areTrailers(trailers)) reader.piece(barePiece(Buffer.alloc(0), true, trailers));
    else fail();
  });
}

/** Node ends a body like one that is complete when its stream is reset without an error, and when its connection dies. */
function isCut(stream: Http2Stream): boolean {
  const code = stream.rstCode ?? constants.NGHTTP2_NO_ERROR;
  return (
    stream.destroyed || stream.aborted || code !== constants.NGHTTP2_NO_ERROR || stream.session?.destroyed !== false
  );
}

export function isHeaderList(value: unknown): value is HeaderList {
  return Array.isArray(value);
}

function areTrailers(list: HeaderList): boolean {
  for (let at = 0; at + 1 < list.length; at += 2) {
    if (!isFieldSafe(list[at] ?? "", list[at + 1] ?? "")) return false;
  }
  return true;
}

/** For those calls of Node that take no lists. */
export function headersOf(list: HeaderList): OutgoingHttpHeaders {
  const headers: Record<string, string[]> = Object.create(null);
  for (let at = 0; at + 1 < list.length; at += 2) (headers[list[at] ?? ""] ??= []).push(list[at + 1] ?? "");
  return Object.fromEntries(
    Object.entries(headers).map(([name, [first = "", ...more]]) => [
      name,
      more.length === 0 ? first : [first, ...more],
    ]),
  );
}
