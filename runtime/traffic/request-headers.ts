import type { HeaderEdit } from "../model/header-edit.ts";
import { type FixedNames, fixedNames } from "../wire/header-names.ts";
import type { ReadHeader } from "../wire/http1/head.ts";
import { appendForwardedCertificate, forwardedCertificate, type ForwardedCertificate } from "./client-certificate.ts";
import type { HttpOptions } from "../model/snapshot.ts";
import { createEdit, editedValues, type HeaderEditBuilder } from "./header-edit-builder.ts";

/** Control headers that no application may set: dropped on entry, on both sides (spec traffic 5.2.6, errata A12). */
export const strippedRequestHeaders: ReadonlySet<string> = new Set([
  "x-envoy-retry-on",
  "x-envoy-retry-grpc-on",
  "x-envoy-max-retries",
  "x-envoy-upstream-rq-timeout-ms",
  "x-envoy-upstream-rq-per-try-timeout-ms",
  "x-envoy-upstream-alt-stat-name",
  "x-envoy-upstream-rq-timeout-alt-response",
  "x-envoy-hedge-on-per-try-timeout",
  "x-envoy-retriable-status-codes",
  "x-envoy-retriable-header-names",
  "x-envoy-expected-rq-timeout-ms",
  "x-envoy-force-trace",
  "x-envoy-ip-tags",
  "x-envoy-original-url",
  "x-envoy-internal",
]);

const strippedOutbound = fixedNames([...strippedRequestHeaders, "x-forwarded-client-cert"]);
const strippedInbound = fixedNames([...strippedOutbound.names, "x-envoy-decorator-operation"]);

export interface EntryContext {
  /** A fresh UUID, used when the caller sent none. */
  readonly requestId: string;
  /** Port that the caller dialled. */
  readonly port: number;
  readonly options: HttpOptions;
}

/** What the outbound proxy does to a request before it looks for a route; route matching sees the result. */
export function outboundEntryEdit(header: ReadHeader, context: EntryContext): HeaderEditBuilder {
  return entryEdit(strippedOutbound, header, context, "http");
}

export interface InboundRequestContext extends EntryContext {
  /** Whether the connection is TLS: what `x-forwarded-proto` says when the caller did not. */
  readonly tls: boolean;
  /** Own SPIFFE id. */
  readonly identity: string;
  /** The verified client certificate; undefined on plaintext: then any XFCC is removed (spec security ID-33). */
  readonly peer: ForwardedCertificate | undefined;
}

/** Headers that the entry of a request may change on the server's side: policies see them as they are afterwards. */
const enteredNames: ReadonlySet<string> = new Set([
  ...strippedInbound.names,
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-request-id",
]);

/** A header as the filters of the server's sidecar see it; made up only when somebody asks for one that the entry may change. */
export function enteredHeader(
  header: ReadHeader,
  connection: Omit<InboundRequestContext, "requestId" | "options">,
  request: Pick<InboundRequestContext, "requestId" | "options">,
): ReadHeader {
  let edit: HeaderEdit | undefined;
  return (name) => {
    if (!enteredNames.has(name)) return header(name);
    edit ??= inboundRequestEdit(header, { ...connection, ...request });
    return editedValues(edit, header, name);
  };
}

/** What the server's proxy does to a request on its way to the application (spec traffic 5.1). */
export function inboundRequestEdit(header: ReadHeader, context: InboundRequestContext): HeaderEdit {
  const edit = entryEdit(strippedInbound, header, context, context.tls ? "https" : "http");
  const certificate = forwardedCertificates(header("x-forwarded-client-cert"), context);
  if (certificate !== undefined) edit.add.push(["x-forwarded-client-cert", certificate]);
  return edit;
}

/** The `x-forwarded-client-cert` that goes on; undefined: none (spec security ID-31…ID-33, recorded: xfcc-headers/proxyheaders-*). */
function forwardedCertificates(received: readonly string[], context: InboundRequestContext): string | undefined {
  const { peer, identity, options } = context;
  const came = received.length === 0 ? undefined : received.join(",");
  const mode = options.forwardedClientCert;
  if (mode === "ALWAYS_FORWARD_ONLY") return came;
  if (peer === undefined || mode === "SANITIZE") return undefined;
  if (mode === "FORWARD_ONLY") return came;
  const hop = forwardedCertificate(identity, peer, options.clientCertDetails);
  return mode === "SANITIZE_SET" ? hop : appendForwardedCertificate(received, hop);
}

function entryEdit(
  stripped: FixedNames,
  header: ReadHeader,
  { requestId, port, options }: EntryContext,
  scheme: string,
): HeaderEditBuilder {
  const edit = createEdit(stripped);
  if (header("x-forwarded-proto").length === 0) edit.add.push(["x-forwarded-proto", scheme]);
  if (options.forwardedPort && header("x-forwarded-port").length === 0) edit.add.push(["x-forwarded-port", `${port}`]);
  if (!options.requestId) return edit;
  // An empty id counts as none.
  const id = header("x-request-id");
  if (id.every((value) => value === "")) {
    if (id.length > 0) edit.remove.add("x-request-id");
    edit.add.push(["x-request-id", requestId]);
  }
  return edit;
}
