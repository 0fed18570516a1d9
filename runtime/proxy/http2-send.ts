import { constants } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream, ServerHttp2Stream } from "node:http2";
import type { HeaderList } from "../wire/http2/fields.ts";
import { headersOf } from "./http2-body.ts";
import { piecePayload } from "./piece.ts";
import type { Piece } from "./piece.ts";

/**
 * Node throws where it holds a header list to be wrong: older versions at repeated names, all of them at statuses over 599.
 * What a peer sent may never end the process: repeated names are joined, and what still does not pass resets its stream.
 */
function attempt<T>(list: HeaderList, send: (list: HeaderList) => T): T | undefined {
  try {
    return send(list);
  } catch {
    try {
      return send(joined(list));
    } catch {
      return undefined;
    }
  }
}

export function requestStream(
  session: ClientHttp2Session,
  list: HeaderList,
  options: { readonly endStream: boolean; readonly waitForTrailers: boolean },
): ClientHttp2Stream | undefined {
  return attempt(list, (each) => session.request(each, options));
}

export function respondStream(
  stream: ServerHttp2Stream,
  list: HeaderList,
  options: { readonly endStream?: boolean; readonly waitForTrailers?: boolean },
): boolean {
  const sent = attempt(list, (each) => {
    stream.respond(each, options);
    return true;
  });
  if (sent === undefined && !stream.closed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  return sent === true;
}

export function sendInterim(stream: ServerHttp2Stream, list: HeaderList): void {
  attempt(list, (each) => {
    stream.additionalHeaders(headersOf(each));
  });
}

export function sendTrailers(stream: ClientHttp2Stream | ServerHttp2Stream, list: HeaderList): void {
  const sent = attempt(list, (each) => {
    stream.sendTrailers(headersOf(each));
    return true;
  });
  if (sent === undefined && !stream.closed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
}

/** False: wait for `drain` before sending more. Trailers follow when the stream asks for them. */
export function writePiece(stream: ClientHttp2Stream | ServerHttp2Stream, piece: Piece): boolean {
  const payload = piecePayload(piece);
  if (piece.part.done) {
    stream.end(payload.length === 0 ? undefined : payload);
    return true;
  }
  return payload.length === 0 || stream.write(payload);
}

function joined(list: HeaderList): string[] {
  const values = new Map<string, string>();
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = list[at] ?? "";
    const before = values.get(name);
    values.set(name, before === undefined ? (list[at + 1] ?? "") : `${before}, ${list[at + 1] ?? ""}`);
  }
  return [...values].flat();
}
