import { Buffer } from "node:buffer";
import type { AddressMap, Placement, ResendOutcome, SocketAddress } from "../model/dataplane.ts";
import type { ProxyId } from "../model/snapshot.ts";
import type { HeaderEntry } from "../wire/http1/fields.ts";
import { encodeProxyV2 } from "../wire/proxy-v2.ts";
import { callerAlias, toSocketAddress } from "./address.ts";
import type { ReplayMarks } from "./replay-marks.ts";
import type { EventRecord, ExchangeRecord } from "./record.ts";
import { sendRequest } from "./send-request.ts";
import type { Entrance } from "./send-request.ts";

export interface ResendSources {
  /** Oldest first. */
  readonly records: () => readonly EventRecord[];
  readonly bodyOf: (id: string) => Buffer | undefined;
  readonly placementOf: (proxy: ProxyId) => Placement | undefined;
  readonly addresses: () => AddressMap;
  readonly uuid: () => string;
  readonly marks: ReplayMarks;
}

/** Headers that belong to one connection, or that are written anew. */
const dropped: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "content-length",
  "host",
  "x-request-id",
  "expect",
]);

/**
 * Sends a request again where it came in first: at the caller's own sidecar, or from outside at the callee's. It is routed, shaken
 * hands for and decided like any other, under the policies of now. Its secrets never leave this process.
 */
export async function resendExchange(id: string, sources: ResendSources): Promise<ResendOutcome> {
  const exchanges = sources.records().filter((record) => record.kind === "exchange");
  const seen = exchanges.find((record) => record.id === id);
  if (seen === undefined) return refuse("the sidecars do not keep this request any more");
  const pair = pairOf(seen, exchanges);
  const caller = seen.side === "outbound" ? seen.proxy : seen.from.workload;
  const isMeshed = caller !== null && sources.placementOf(caller) !== undefined;
  const first = isMeshed ? (seen.side === "outbound" ? seen : pair) : seen;
  if (first === undefined) return refuse("the caller's side of this request is not kept any more");
  if (first.side === "outbound" && !isMeshed) return refuse(`the sidecar of ${first.proxy} is gone`);
  if (first.headers === undefined) return refuse("it broke the protocol; its head was not kept");
  const headers = first.headers();
  if (first.method === "CONNECT" || headers.some(([name]) => name === "upgrade"))
    return refuse("a connection that became a tunnel cannot be sent again");
  const body = first.bytesIn === 0 ? Buffer.alloc(0) : sources.bodyOf(first.id);
  if (body === undefined)
    return refuse(`its body of ${first.bytesIn} bytes was not kept; bodies up to 256 kB are, while somebody watches`);
  const entrance = entranceOf(first, sources);
  if (entrance === undefined) return refuse("there is no way in any more where it came in");
  const requestId = sources.uuid();
  sources.marks.add(
    requestId,
    [seen, pair].filter((record) => record !== undefined),
  );
  const answer = await sendRequest(entrance, {
    version: first.protocol,
    method: first.method,
    target: first.originalPath ?? first.path,
    authority: first.authority,
    headers: [...headers.filter(isSent), ["x-request-id", requestId]],
    hasLength: headers.some(([name]) => name === "content-length"),
    body,
  });
  return "reason" in answer ? refuse(answer.reason) : { ok: true, requestId, status: answer.status };
}

function refuse(reason: string): ResendOutcome {
  return { ok: false, reason };
}

function isSent([name]: HeaderEntry): boolean {
  return !dropped.has(name) && !name.startsWith(":");
}

/** The same call as the other end's sidecar saw it; the latest, when there were several tries. */
function pairOf(seen: ExchangeRecord, all: readonly ExchangeRecord[]): ExchangeRecord | undefined {
  if (seen.requestId === null) return undefined;
  return all.findLast(
    (record) =>
      record.requestId === seen.requestId &&
      record.side !== seen.side &&
      (seen.side === "inbound"
        ? record.proxy === seen.from.workload && record.to.workload === seen.proxy
        : record.proxy === seen.to.workload && record.from.workload === seen.proxy),
  );
}

function entranceOf(first: ExchangeRecord, { placementOf, addresses }: ResendSources): Entrance | undefined {
  const placement = placementOf(first.proxy);
  if (placement === undefined) return undefined;
  if (first.side === "outbound") {
    const source = endpointOf(first.from.address);
    const preamble =
      source === undefined || first.destination === null
        ? undefined
        : encodeProxyV2({ source: { ...source, port: 0 }, destination: first.destination });
    return preamble === undefined || placement.outbound === ""
      ? undefined
      : { at: { kind: "unix", path: placement.outbound }, from: undefined, preamble };
  }
  const to = endpointOf(first.to.address);
  const port = to?.port;
  const map = addresses();
  if (map.kind === "pods") {
    const alias = to === undefined ? undefined : toSocketAddress(map, to.address, to.port);
    return alias === undefined
      ? undefined
      : { at: { kind: "tcp", ...alias }, from: outsiderAddress(first, map), preamble: undefined };
  }
  const at = placement.inbound.find((listener) => listener.port === port);
  if (at === undefined) return undefined;
  const address: SocketAddress = { kind: "tcp", host: at.host, port: at.listen };
  return { at: address, from: outsiderAddress(first, map), preamble: undefined };
}

/** A program without a sidecar calls from its own address; who knows it must see it again. */
function outsiderAddress(record: ExchangeRecord, map: AddressMap): string | undefined {
  if (record.from.workload === null) return undefined;
  const from = endpointOf(record.from.address);
  return from === undefined ? undefined : callerAlias(map, from.address);
}

function endpointOf(text: string): { readonly address: string; readonly port: number } | undefined {
  const colon = text.lastIndexOf(":");
  const port = Number(text.slice(colon + 1));
  return colon < 0 || !Number.isInteger(port) ? undefined : { address: text.slice(0, colon), port };
}
