import { defaultLimits, type HeadResult } from "../http1/head.ts";
import { brokenResponse, type ResponseHead } from "../http1/response-head.ts";
import { chunkedBody, type Framing, noBody } from "../http1/semantics.ts";
import { blockOf } from "./head-block.ts";
import { fieldKind, type HeaderField, lengthOf } from "./header-field.ts";

/** Reads the header list of the answer to a request of this method; `ended`: no body follows. */
export function readResponse(
  fields: readonly HeaderField[],
  method: string,
  ended: boolean,
): Exclude<HeadResult<ResponseHead>, { kind: "incomplete" }> {
  const kept: HeaderField[] = [];
  let status: number | undefined;
  let length: number | undefined;
  let size = 0;
  if (fields.length > defaultLimits.maxHeaders) return broken;
  for (const field of fields) {
    size += field.size;
    const { name, value } = field;
    if (!field.sound) return broken;
    if (name.text.charCodeAt(0) === 0x3a) {
      if (name.kind !== fieldKind.status || status !== undefined || kept.length > 0) return broken;
      status = Number(value);
      continue;
    }
    if (name.kind === fieldKind.contentLength) {
      if (length !== undefined) return broken;
      length = lengthOf(value);
    }
    kept.push(field);
  }
  // There is no switching of protocols in HTTP/2, and no interim answer ends its stream.
  if (status === undefined || status === 101 || size > defaultLimits.maxBytes || (status < 200 && ended)) return broken;
  const bodiless = status < 200 || status === 204;
  const block = blockOf(
    bodiless && length !== undefined ? kept.filter(({ name }) => name.kind !== fieldKind.contentLength) : kept,
    "response",
  );
  return {
    kind: "head",
    head: {
      kind: "response",
      bytes: block.bytes,
      fields: block.fields,
      texts: block.texts,
      status,
      version: "2",
      framing: ended || bodiless ? noBody : framingOf(status, method, length),
      keepAlive: true,
      upgrade: undefined,
      interim: status < 200,
    },
    next: 0,
  };
}

function framingOf(status: number, method: string, length: number | undefined): Framing {
  if (method === "HEAD" || status === 304) return noBody;
  return length === undefined ? chunkedBody : { kind: "length", length };
}

const broken = { kind: "error", error: brokenResponse } as const;
