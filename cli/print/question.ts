import { formatPosition } from "../../runtime/core/source.ts";
import type { Cause } from "../../runtime/store/cause.ts";
import type { PredictedCall } from "../door.ts";
import type { Glyphs } from "./glyphs.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Segment } from "./segment.ts";

/** `frontend → backend  GET /api`, `frontend → backend  TCP past its sidecar, in plaintext` */
export function callWords(call: PredictedCall, glyphs: Glyphs): Segment {
  const what = call.tcp === undefined ? `${sanitize(call.method)} ${sanitize(call.path)}` : "TCP";
  const how = call.tls === undefined ? "" : `, ${tlsWords[call.tls]}`;
  return seg(`${sanitize(call.from)} ${glyphs.arrow} ${sanitize(call.to)}  ${what}${how}`, "strong");
}

const tlsWords: Readonly<Record<NonNullable<PredictedCall["tls"]>, string>> = {
  plaintext: "past its own sidecar in plaintext",
  "no-certificate": "past its own sidecar by TLS without a certificate",
  "foreign-certificate": "past its own sidecar with a certificate of another CA",
};

/** Where no decision was made: what stood in the way. */
export function causeBelowPolicy(
  summary: string,
  because: readonly {
    readonly resource: string;
    readonly field: string;
    readonly file: string;
    readonly line: number;
    readonly column: number;
  }[],
): Cause {
  const [first, ...more] = because;
  if (first === undefined) return { text: summary, at: null, what: null, changes: [] };
  const { file, line, column, resource, field } = first;
  const others = more.map((each) => `; and ${each.resource} at ${formatPosition(each)}`).join("");
  return { text: `${summary}${others}`, at: { file, line, column }, what: `${resource} ${field}`, changes: [] };
}
