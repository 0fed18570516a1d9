import type { RequestFacts } from "../model/decision.ts";
import type { ConnectionEvent, ExchangeEvent } from "../model/event.ts";

/** A request as far as its event tells it: without headers and claims, which events do not carry. */
export function factsOfEvent(event: ExchangeEvent | ConnectionEvent): RequestFacts {
  const [destinationIp, destinationPort] = splitAddress(event.to.address);
  const { spiffe } = event.from;
  const request = event.type === "exchange.completed" ? event : undefined;
  return {
    layer: request === undefined ? "tcp" : "http",
    peer: spiffe === null ? undefined : { uriSans: [spiffe], dnsSans: [], subject: "" },
    sourceIp: splitAddress(event.from.address)[0],
    destinationIp,
    destinationPort,
    sni: undefined,
    method: () => request?.method ?? "",
    authority: () => request?.authority ?? "",
    path: () => request?.path ?? "",
    header: () => [],
  };
}

function splitAddress(text: string): readonly [address: string, port: number] {
  const at = text.lastIndexOf(":");
  return [text.slice(0, at), Number(text.slice(at + 1))];
}
