import { brokenResponse, type ResponseHead } from "../http1/response-head.ts";
import { buildBlock, type RawEntry } from "../http1/fields.ts";
import { defaultLimits, type HeadResult } from "../http1/head.ts";
import { chunkedBody, noBody } from "../http1/semantics.ts";
import { type HeaderList, isFieldSafe, lengthOf, trimmed } from "./fields.ts";

/** Reads the header list of an answer; `ended`: no body follows. */
export function responseOfList(
  list: HeaderList,
  ended: boolean,
): Exclude<HeadResult<ResponseHead>, { kind: "incomplete" }> {
  const entries: RawEntry[] = [];
  let status: number | undefined;
  let length: number | undefined;
  let size = 0;
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = list[at] ?? "";
    const written = list[at + 1] ?? "";
    size += name.length + written.length;
    if (name.charCodeAt(0) === 0x3a) {
      if (name !== ":status" || status !== undefined || entries.length > 0 || !/^[1-9]\d\d$/.test(written))
        return broken;
      status = Number(written);
      continue;
    }
    const value = trimmed(written);
    if (!isFieldSafe(name, value)) return broken;
    if (name === "content-length") {
      if (length !== undefined) return broken;
      length = lengthOf(value);
      if (length === undefined) return broken;
    }
    entries.push([name, value]);
  }
  // There is no switching of protocols in HTTP/2.
  if (status === undefined || status === 101 || size > defaultLimits.maxBytes) return broken;
  const bodiless = status < 200 || status === 204;
  const block = buildBlock(bodiless ? entries.filter(([name]) => name !== "content-length") : entries, "response");
  return {
    kind: "head",
    head: {
      kind: "response",
      bytes: block.bytes,
      fields: block.fields,
      status,
      version: "2",
      framing: ended || bodiless ? noBody : length === undefined ? chunkedBody : { kind: "length", length },
      keepAlive: true,
      upgrade: undefined,
      interim: status < 200,
    },
    next: 0,
  };
}

const broken = { kind: "error", error: brokenResponse } as const;
