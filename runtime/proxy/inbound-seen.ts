import type { ConnectionSeen, InboundListener } from "../model/snapshot.ts";
import type { Arrival } from "../traffic/facts.ts";
import { parseClientHello } from "../wire/client-hello.ts";
import { sniffHttp } from "../wire/sniff.ts";

/** What a connection's first bytes told. */
export interface Seen extends ConnectionSeen {
  readonly sni: string | undefined;
}

/** Nobody looked, or there was nothing to see. */
export const blind: Seen = { transport: "raw", protocols: [], sni: undefined };

/** Undefined: too few bytes to tell. */
export function classify(bytes: Buffer, tls: boolean, http: boolean): Seen | undefined {
  if (tls) {
    const hello = parseClientHello(bytes);
    if (hello.kind === "incomplete") return undefined;
    if (hello.kind === "hello") return { transport: "tls", protocols: hello.alpn, sni: hello.sni };
  }
  if (!http) return blind;
  const protocol = sniffHttp(bytes);
  if (protocol === "need-more" || protocol === "too-long") return undefined;
  return { transport: "raw", protocols: protocol === "other" ? [] : [protocol], sni: undefined };
}

export function arrivalOf({ mode, protocol }: InboundListener, { transport, protocols }: Seen): Arrival {
  return { seen: { transport, protocols }, mode, protocol };
}
