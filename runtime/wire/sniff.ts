import { classes, NAME } from "./http1/characters.ts";
import { isRequestLine } from "./http1/request-line.ts";

/**
 * What the first bytes of a plaintext connection are. `http/1.0` stands for every version but 1.1 and for none: recorded
 * Envoy sends all of them to the TCP chain (errata traffic A14). `need-more` is held for ever, as Envoy does without a
 * detection timeout (errata security 23). `too-long`: no line end in 64 KiB: close.
 */
export type Sniffed = "http/1.1" | "http/1.0" | "h2c" | "other" | "need-more" | "too-long";

/** The HTTP/2 client connection preface. */
export const http2Preface: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

const maxLine = 64 * 1024;

/** Decides as Envoy's HTTP inspector: by the first byte, the HTTP/2 preface, or the whole first line. */
export function sniffHttp(bytes: Buffer): Sniffed {
  const first = bytes[0];
  if (first === undefined) return "need-more";
  const same = Math.min(bytes.length, http2Preface.length);
  if (bytes.compare(http2Preface, 0, same, 0, same) === 0) return same === http2Preface.length ? "h2c" : "need-more";
  if (((classes[first] ?? 0) & NAME) === 0) return "other";
  const lf = bytes.indexOf(10);
  if (lf === -1) return bytes.length >= maxLine ? "too-long" : "need-more";
  if (lf >= maxLine) return "too-long";
  const version = isRequestLine(bytes, 0, lf > 0 && bytes[lf - 1] === 13 ? lf - 1 : lf);
  if (version === undefined) return "other";
  return version === "1.1" ? "http/1.1" : "http/1.0";
}
