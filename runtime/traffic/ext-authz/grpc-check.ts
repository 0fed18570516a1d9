import type { ExtAuthzProvider, SeenRequest } from "../../model/ext-authz.ts";
import type { FilterNotes } from "../../model/filter-notes.ts";
import { encodeCheckRequest, type PeerFields } from "../../wire/ext-authz/check-request.ts";
import {
  type CheckResponseFields,
  decodeCheckResponse,
  type HeaderOption,
  type SaidOk,
} from "../../wire/ext-authz/check-response.ts";
import { grpcFrame, lastGrpcMessage } from "../../wire/ext-authz/grpc-frame.ts";
import { checkError, type CheckResult, type ResponseChange } from "./check-result.ts";
import type { BodySeen, HttpCheck } from "./http-check.ts";
import { joinedHeaders } from "./seen-request.ts";

/** The connection that a question is about. */
export interface CheckedConnection {
  readonly source: PeerFields;
  readonly destination: PeerFields;
  /** Of the caller's TLS; empty: plaintext, or none was sent. */
  readonly sni: string;
}

/** A request besides what its headers say. */
export interface CheckedStream {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly id: string;
  readonly protocol: string;
  /** Bytes of the body so far. */
  readonly size: number;
}

const checkPath = "/envoy.service.auth.v3.Authorization/Check";

/** The question that Envoy's ext_authz filters ask a gRPC service. `address`: of this workload. */
export function grpcCheck(
  provider: ExtAuthzProvider,
  address: string,
  connection: CheckedConnection,
  request:
    | { readonly seen: SeenRequest; readonly stream: CheckedStream; readonly body: BodySeen | undefined }
    | undefined,
): HttpCheck {
  const message = encodeCheckRequest({
    ...connection,
    http: request === undefined ? undefined : httpFields(provider, request.seen, request.stream, request.body),
  });
  return {
    method: "POST",
    path: checkPath,
    authority: provider.host,
    headers: [
      ["te", "trailers"],
      ["grpc-timeout", `${provider.timeoutMs}m`],
      ["content-type", "application/grpc"],
      ["x-envoy-internal", "true"],
      ["x-forwarded-for", address],
      ["x-envoy-expected-rq-timeout-ms", `${provider.timeoutMs}`],
    ],
    body: grpcFrame(message),
  };
}

function httpFields(
  provider: ExtAuthzProvider,
  { method, path, authority, scheme, headers }: SeenRequest,
  { at, id, protocol, size }: CheckedStream,
  body: BodySeen | undefined,
): Parameters<typeof encodeCheckRequest>[0]["http"] {
  const told = new Map<string, string>([
    [":method", method],
    [":path", path],
    [":authority", authority],
    [":scheme", scheme],
    ...joinedHeaders(headers),
  ]);
  if (body !== undefined) told.set("x-envoy-auth-partial-body", `${body.partial}`);
  return {
    at,
    id,
    method,
    headers: told,
    path,
    host: authority,
    scheme,
    size,
    protocol,
    body: body === undefined ? undefined : { bytes: body.bytes, raw: provider.body?.asBytes === true },
  };
}

/** A gRPC answer, read to its end. */
export interface GrpcCheckAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** Of the trailers, or of the head when there is nothing else; undefined: none came. */
  readonly grpcStatus: string | undefined;
}

export function readGrpcAnswer({ status, contentType, body, grpcStatus }: GrpcCheckAnswer): CheckResult {
  if (status !== 200) return checkError(`it answered HTTP ${status}`);
  if (!contentType.startsWith("application/grpc")) return checkError("its answer is not gRPC");
  if (grpcStatus !== "0") {
    return checkError(grpcStatus === undefined ? "its answer has no gRPC status" : `gRPC status ${grpcStatus}`);
  }
  const message = lastGrpcMessage(body);
  if (message === undefined) return checkError("its answer holds no message");
  try {
    return resultOf(decodeCheckResponse(message));
  } catch {
    return checkError("its answer is not a CheckResponse");
  }
}

/** Status 0 allows whatever else is said; of the rest an error response is no refusal (tried with Envoy 1.40). */
function resultOf({ code, said, notes }: CheckResponseFields): CheckResult {
  if (code === 0) return allowed(said?.kind === "ok" ? said.ok : undefined, notes);
  if (said?.kind === "error") {
    const { status, headers, body } = said.reply;
    return {
      kind: "error",
      reason: "it answered with an error",
      reply: { status: usable(status), headers: settable(headers), body },
    };
  }
  const reply = said?.kind === "denied" ? said.reply : undefined;
  return {
    kind: "denied",
    status: usable(reply?.status ?? 0) ?? 403,
    headers: settable(reply?.headers ?? []),
    body: reply?.body ?? "",
  };
}

/** A status that can be written; Envoy writes others too, and nobody could read them. */
function usable(status: number): number | undefined {
  return status >= 200 && status <= 999 ? status : undefined;
}

/** What is to be appended has nothing to be appended to in a reply. */
function settable(headers: readonly HeaderOption[]): readonly (readonly [string, string])[] {
  return headers.flatMap(({ name, value, append }) => (append === true ? [] : [[name.toLowerCase(), value] as const]));
}

/** What is noted inside of the answer outdoes what is noted beside it (tried with Envoy 1.40). */
function allowed(ok: SaidOk | undefined, notes: FilterNotes | undefined): CheckResult {
  const headers = ok?.headers ?? [];
  return {
    kind: "allowed",
    request: {
      // Of requests Envoy 1.40 looks only at the old flag.
      set: settable(headers),
      append: headers.flatMap(({ name, value, append }) =>
        append === true ? [[name.toLowerCase(), value] as const] : [],
      ),
      remove: (ok?.headersToRemove ?? []).map((name) => name.toLowerCase()),
    },
    query: { set: ok?.queryToSet ?? [], remove: ok?.queryToRemove ?? [] },
    response: responseChange(ok?.responseHeaders ?? []),
    notes: ok?.notes ?? notes,
  };
}

function responseChange(headers: readonly HeaderOption[]): ResponseChange {
  const pick = (wanted: number): readonly (readonly [string, string])[] =>
    headers.flatMap((header) =>
      actionOf(header) === wanted ? [[header.name.toLowerCase(), header.value] as const] : [],
    );
  return { add: pick(0), addIfAbsent: pick(1), set: pick(2), overwriteIfExists: pick(3) };
}

function actionOf({ append, action }: HeaderOption): number {
  if (append !== undefined) return append ? 0 : 2;
  return action;
}
