import type { ExtAuthzProvider } from "../../model/ext-authz.ts";
import type { Endpoint } from "../../model/snapshot.ts";
import { checkError, type CheckResult } from "../../traffic/ext-authz/check-result.ts";
import { readGrpcAnswer } from "../../traffic/ext-authz/grpc-check.ts";
import { readHttpAnswer, type HttpCheck } from "../../traffic/ext-authz/http-check.ts";
import { headerNames } from "../../wire/header-names.ts";
import { headerEntries, headerValue } from "../../wire/http1/head.ts";
import type { ResponseHead } from "../../wire/http1/response-head.ts";
import { requestOfList } from "../../wire/http2/request-head.ts";
import { acquireUpstream } from "../acquire.ts";
import type { Binding } from "../binding.ts";
import type { ClientExchange, ConnectionOwner, OutgoingRequest, ResponseHandlers } from "../client-exchange.ts";
import type { Sidecar } from "../context.ts";
import type { UpstreamTarget } from "../dial-upstream.ts";
import type { Acquired } from "../forward-options.ts";
import { sendHttp1 } from "../http1-client.ts";
import { sendHttp2 } from "../http2-client.ts";
import { chooseTarget } from "../outbound-target.ts";
import { barePiece, piecePayload } from "../piece.ts";
import type { Piece } from "../piece.ts";
import type { UpstreamConnection } from "../upstream-pool.ts";
import type { Upstream } from "../upstream.ts";

/** What came of asking a provider. */
export interface Answered {
  readonly result: CheckResult;
  readonly endpoint: string | undefined;
  readonly status: number | undefined;
}

const idleMs = 60_000;
/** A longer answer is none. */
const maxAnswerBytes = 1024 * 1024;
const nowhere = { address: "", port: 0 };
const noEdit = { remove: headerNames([]), add: [] };

/** Asks through the own sidecar's clusters, mutual TLS included, as Envoy does. The returned function gives up. */
export function callProvider(
  sidecar: Sidecar,
  binding: Binding,
  provider: ExtAuthzProvider,
  check: HttpCheck,
  done: (answered: Answered) => void,
): () => void {
  const call = new ProviderCall(sidecar, binding, provider, check, done);
  call.start();
  return () => {
    call.end();
  };
}

class ProviderCall implements ResponseHandlers, ConnectionOwner {
  readonly #sidecar: Sidecar;
  readonly #binding: Binding;
  readonly #provider: ExtAuthzProvider;
  readonly #check: HttpCheck;
  readonly #done: (answered: Answered) => void;
  #cancelDial: (() => void) | undefined;
  #cancelTimer: (() => void) | undefined;
  #releaseSlot: (() => void) | undefined;
  #client: ClientExchange | undefined;
  #connection: Upstream | undefined;
  #endpoint: string | undefined;
  #head: ResponseHead | undefined;
  #sentAt = 0;
  #headMs = 0;
  #parts: Buffer[] = [];
  #size = 0;
  #over = false;

  constructor(
    sidecar: Sidecar,
    binding: Binding,
    provider: ExtAuthzProvider,
    check: HttpCheck,
    done: (answered: Answered) => void,
  ) {
    this.#sidecar = sidecar;
    this.#binding = binding;
    this.#provider = provider;
    this.#check = check;
    this.#done = done;
  }

  start(): void {
    const { clock } = this.#sidecar.shared;
    const { timeoutMs, cluster: name } = this.#provider;
    this.#cancelTimer = clock.after(timeoutMs, () => {
      this.#fail(`no answer within ${timeoutMs} ms`);
    });
    const cluster = this.#binding.outbound.cluster(name);
    const slot = cluster === undefined ? undefined : this.#sidecar.slots.take(name, cluster.maxRequests);
    if (cluster === undefined) this.#failSoon(`the sidecar has no cluster ${name}`);
    else if (slot === undefined) this.#failSoon("overflow: too many requests are under way to it");
    else {
      this.#releaseSlot = slot;
      const chosen = chooseTarget(this.#sidecar, this.#binding, cluster, nowhere, new Set<Endpoint>());
      if (chosen === undefined || chosen.address === "") {
        this.#failSoon("no healthy upstream");
        return;
      }
      const target: UpstreamTarget = {
        cluster,
        ...chosen,
        protocol: cluster.http === "http2" ? "http2" : "http1",
        authority: this.#check.authority,
      };
      this.#endpoint = `${chosen.address}:${chosen.port}`;
      let answered = false;
      const cancel = acquireUpstream(this.#sidecar, target, false, (acquired) => {
        answered = true;
        this.#onAcquired(acquired);
      });
      if (!answered) this.#cancelDial = cancel;
    }
  }

  /** Ends it whatever its state, and tells nobody. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer?.();
    this.#cancelDial?.();
    this.#client?.abort();
    this.#releaseSlot?.();
  }

  interim(): void {
    // 100 and 103 say nothing about a check.
  }

  head(head: ResponseHead, early: Piece): boolean {
    this.#head = head;
    this.#headMs = this.#sidecar.shared.clock.monotonic() - this.#sentAt;
    return this.body(early);
  }

  body(piece: Piece): boolean {
    if (this.#over) return true;
    this.#size += piece.part.size;
    if (this.#size > maxAnswerBytes) {
      this.#fail(`its answer is longer than ${maxAnswerBytes} bytes`);
      return true;
    }
    if (piece.part.size > 0) this.#parts.push(Buffer.from(piecePayload(piece)));
    if (piece.part.done) this.#complete(piece.trailers);
    return true;
  }

  failed(reason: string): void {
    this.#fail(reason);
  }

  switched(socket: { readonly destroy: () => void }): void {
    socket.destroy();
    this.#fail("it switched protocols");
  }

  drained(): void {
    // The whole check is written at once.
  }

  #onAcquired(acquired: Acquired): void {
    this.#cancelDial = undefined;
    if (this.#over) {
      if (acquired.kind === "connection" && !("session" in acquired.connection)) this.release(acquired.connection);
      return;
    }
    if (acquired.kind !== "connection") {
      const { reason, transport } =
        acquired.kind === "failed" ? acquired : { reason: "no healthy upstream", transport: "" };
      this.#failSoon(transport === "" ? reason : `${reason}: ${transport}`);
      return;
    }
    const request = outgoing(this.#check);
    if (request === undefined) {
      if (!("session" in acquired.connection)) this.release(acquired.connection);
      this.#failSoon("the question cannot be written as a request");
      return;
    }
    const to = acquired.connection;
    this.#connection = to;
    this.#sentAt = this.#sidecar.shared.clock.monotonic();
    this.#client = "session" in to ? sendHttp2(to, request, this) : sendHttp1(to, request, this, this);
  }

  release(connection: UpstreamConnection): void {
    this.#sidecar.upstreams.give(connection, idleMs);
  }

  #complete(trailers: readonly string[] | undefined): void {
    const { http } = this.#provider;
    const head = this.#head;
    if (head === undefined) return;
    const body = Buffer.concat(this.#parts);
    if (http !== undefined) {
      const answer = { status: head.status, headers: headerEntries(head), body: body.toString("utf8") };
      this.#finish(readHttpAnswer(http, answer, this.#headMs), head.status);
      return;
    }
    const at = trailers?.indexOf("grpc-status") ?? -1;
    const grpcStatus = at < 0 ? headerValue(head, "grpc-status") : trailers?.[at + 1];
    const contentType = headerValue(head, "content-type") ?? "";
    const result = readGrpcAnswer({ status: head.status, contentType, body, grpcStatus });
    this.#finish(result, grpcStatus === undefined ? head.status : Number(grpcStatus));
  }

  #finish(result: CheckResult, status: number | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer?.();
    this.#client?.finish(true);
    this.#releaseSlot?.();
    this.#done({ result, endpoint: this.#connection === undefined ? undefined : this.#endpoint, status });
  }

  #fail(reason: string): void {
    if (this.#over) return;
    this.#cancelDial?.();
    this.#client?.abort();
    this.#client = undefined;
    this.#finish(checkError(reason), this.#head?.status);
  }

  /** Whoever asked has not got the way to give up yet. */
  #failSoon(reason: string): void {
    queueMicrotask(() => {
      this.#fail(reason);
    });
  }
}

function outgoing(check: HttpCheck): OutgoingRequest | undefined {
  const { method, path, authority, headers, body } = check;
  const list = [":method", method, ":scheme", "http", ":authority", authority, ":path", path, ...headers.flat()];
  const read = requestOfList(list, body.length === 0);
  if (read.kind === "error") return undefined;
  const bytes = Buffer.from(body);
  return {
    head: read.head,
    change: { target: path, authority, edit: noEdit },
    body: [barePiece(bytes, 0, bytes.length, true)],
  };
}
