import { replyHead } from "../traffic/reply-head.ts";
import type { HttpOptions } from "../model/snapshot.ts";
import type { ReplyHead } from "../traffic/reply-head.ts";
import type { CodecError } from "../wire/http1/error.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import type { Sidecar } from "./context.ts";
import type { ExchangeRecord } from "./record.ts";

/** Where a broken head came in, and what is known of the connection. */
interface RefusedAt extends Pick<
  ExchangeRecord,
  "side" | "protocol" | "from" | "to" | "destination" | "handshake" | "cluster"
> {
  readonly options: HttpOptions;
}

/** Records an exchange whose head broke the protocol and returns the answer, as Envoy's codec does before any filter. */
export function refuseHead(sidecar: Sidecar, error: CodecError, { options, ...at }: RefusedAt): ReplyHead {
  const { reporter, clock, date } = sidecar.shared;
  const head: RequestHead | undefined = error.head;
  reporter.exchange({
    at: clock.now(),
    generation: sidecar.binding().generation,
    proxy: sidecar.proxy,
    ...at,
    method: head?.method ?? "",
    authority: head?.authority ?? "",
    path: head?.target ?? "",
    originalPath: null,
    requestId: null,
    status: error.status,
    flags: error.flags,
    details: error.details,
    route: null,
    routeAt: null,
    endpoint: null,
    attempts: 0,
    totalMs: 0,
    upstreamMs: 0,
    bytesIn: 0,
    bytesOut: error.body.length,
    head: undefined,
    decision: undefined,
    authorized: undefined,
    section: undefined,
    caller: undefined,
  });
  const reply = {
    status: error.status,
    body: error.body,
    contentType: error.body === "" ? undefined : "text/plain",
    flags: [],
    details: error.details,
    headers: [],
  };
  return replyHead(reply, { options, date: date(), grpc: false, head: head?.method === "HEAD" });
}
