import type { RequestHead } from "../wire/http1/head.ts";
import type { Framing } from "../wire/http1/semantics.ts";

const bodiless: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "TRACE", "CONNECT"]);

const zero: Framing = { kind: "length", length: 0 };

/** Envoy says `content-length: 0` for a request without a body, but for methods that have none by nature (security/hand/odd-methods). */
export function forwardedFraming(head: RequestHead): Framing {
  return head.framing.kind === "none" && head.upgrade === undefined && !bodiless.has(head.method) ? zero : head.framing;
}
