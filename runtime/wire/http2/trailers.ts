import type { CodecError } from "../http1/error.ts";
import { defaultLimits } from "../http1/scan.ts";
import type { HeaderField } from "./header-field.ts";
import { refusal2 } from "./refusal.ts";

export type Trailers =
  /** Names and values in turn. */
  | { readonly kind: "trailers"; readonly list: readonly string[] }
  | { readonly kind: "error"; readonly error: CodecError };

/** What may stand behind a body: no pseudo headers, and within the limits of a head. */
export function readTrailers(fields: readonly HeaderField[]): Trailers {
  const list: string[] = [];
  let size = 0;
  if (fields.length > defaultLimits.maxHeaders) return { kind: "error", error: refusal2.tooManyHeaders };
  for (const { name, value, sound, size: own } of fields) {
    if (!sound || name.text.charCodeAt(0) === 0x3a) return { kind: "error", error: refusal2.field };
    size += own;
    list.push(name.text, value);
  }
  return size > defaultLimits.maxBytes ? { kind: "error", error: refusal2.listTooLarge } : { kind: "trailers", list };
}
