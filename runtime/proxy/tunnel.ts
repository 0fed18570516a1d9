import type { Socket } from "node:net";
import type { HeaderEdit } from "../model/header-edit.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import type { Exchange } from "./exchange.ts";
import { splice } from "./splice.ts";

export interface TunnelResult {
  readonly status: number;
  readonly flags: readonly string[];
  readonly details: string;
  readonly bytes: number;
}

/** After a 101 both sides speak something else: bytes pass as they are, until one side ends. The returned function ends it. */
export function tunnel(
  exchange: Exchange,
  upstream: Socket,
  head: ResponseHead,
  early: Buffer,
  edit: HeaderEdit,
  onDone: (result: TunnelResult) => void,
): () => void {
  const own = exchange.takeOver?.(head, edit, early);
  if (own === undefined) throw new Error("an HTTP/2 stream has no upgrade");
  if (own.early.length > 0) upstream.write(own.early);
  return splice(own.socket, upstream, {
    halfClose: false,
    onEnd: (counts) => {
      const left = counts.first === "a";
      onDone({
        status: 101,
        flags: left ? ["DC"] : [],
        details: left ? "downstream_remote_disconnect" : "via_upstream",
        bytes: counts.backward + early.length,
      });
    },
  }).close;
}
