import type { Decision } from "../../model/decision.ts";
import type { SeenRequest } from "../../model/ext-authz.ts";
import { type CustomStep, type NextCustomStep } from "../../policy/custom.ts";
import { type Authorized, judgeAnswer, unasked } from "../../traffic/ext-authz/authorized.ts";
import { grpcCheck } from "../../traffic/ext-authz/grpc-check.ts";
import { httpCheck, type BodySeen } from "../../traffic/ext-authz/http-check.ts";
import type { LocalReplyCause } from "../../traffic/local-reply.ts";
import type { CodecError } from "../../wire/http1/error.ts";
import type { Binding } from "../binding.ts";
import { deafSink } from "../deaf-sink.ts";
import type { Exchange, RequestSink } from "../exchange.ts";
import { seenFacts } from "../../traffic/facts.ts";
import type { InboundConnection } from "../inbound-connection.ts";
import type { Piece } from "../piece.ts";
import { callProvider } from "./call.ts";
import { checkedConnection } from "./connection.ts";
import { hasBody, inviteBody, waitingBody, type WaitingBody } from "./request-body.ts";

type Ask = Extract<CustomStep, { readonly kind: "ask" }>;

/** A request that external authorizers have to agree to. */
export interface PendingRequest {
  readonly connection: InboundConnection;
  readonly exchange: Exchange;
  readonly binding: Binding;
  /** With what the entry changed. */
  readonly seen: SeenRequest;
  readonly next: NextCustomStep;
  /** The snapshot that rules now; undefined: the connection is no longer accepted. */
  readonly current: () => Binding | undefined;
  /** Under another snapshot the request begins anew. */
  readonly restart: (binding: Binding) => RequestSink;
  readonly admit: (authorized: Authorized) => RequestSink;
  readonly refuse: (cause: LocalReplyCause | undefined, decision: Decision, authorized: Authorized) => void;
  readonly tooLarge: (authorized: Authorized) => void;
  readonly gone: (authorized: Authorized) => void;
  readonly broken: (error: CodecError, authorized: Authorized) => void;
}

/** Holds a request until every provider that its CUSTOM rules name has agreed; its body waits with it, and its sender with the body. */
export function holdForProviders(pending: PendingRequest, first: CustomStep): RequestSink {
  const held = new HeldRequest(pending);
  held.take(first);
  return held;
}

class HeldRequest implements RequestSink {
  readonly #pending: PendingRequest;
  readonly #body: WaitingBody;
  #authorized: Authorized;
  #sink: RequestSink | undefined;
  /** The question that waits for more of the body. */
  #collecting: Ask | undefined;
  #cancel: (() => void) | undefined;

  constructor(pending: PendingRequest) {
    this.#pending = pending;
    this.#body = waitingBody(pending.exchange);
    this.#authorized = unasked(pending.seen);
  }

  body(piece: Piece): boolean {
    if (this.#sink !== undefined) return this.#sink.body(piece);
    this.#body.add(piece);
    const step = this.#collecting;
    if (step !== undefined) this.#ask(step);
    return this.#collecting !== undefined || piece.part.done;
  }

  drained(): void {
    this.#sink?.drained();
  }

  gone(): void {
    if (this.#sink !== undefined) {
      this.#sink.gone();
      return;
    }
    this.#leave();
    this.#pending.gone(this.#authorized);
  }

  broken(error: CodecError): void {
    if (this.#sink !== undefined) {
      this.#sink.broken(error);
      return;
    }
    this.#leave();
    this.#pending.broken(error, this.#authorized);
  }

  take(step: CustomStep | undefined): void {
    if (step === undefined) this.#goOn(this.#pending.admit(this.#authorized));
    else if (step.kind === "refuse") this.#stop(undefined, step.decision);
    else {
      if (step.provider.body !== undefined && hasBody(this.#pending.exchange)) inviteBody(this.#pending.exchange);
      this.#ask(step);
    }
  }

  /** Asks, or waits for as much of the body as the provider wants to see. */
  #ask(step: Ask): void {
    const { exchange, connection, binding } = this.#pending;
    const limits = step.provider.body;
    let body: BodySeen | undefined;
    if (limits !== undefined && hasBody(exchange)) {
      const seen = this.#body.seen(limits);
      if (seen === undefined) {
        this.#collecting = step;
        return;
      }
      this.#collecting = undefined;
      if (seen === "too-large") {
        this.#leave();
        this.#pending.tooLarge(this.#authorized);
        return;
      }
      body = seen;
    }
    const { clock } = connection.sidecar.shared;
    const startedAt = clock.monotonic();
    this.#cancel = callProvider(connection.sidecar, binding, step.provider, this.#check(step, body), (answered) => {
      this.#cancel = undefined;
      const now = this.#pending.current();
      // Rules that came meanwhile count, and these may want somebody else to be asked.
      if (now === undefined) this.#drop();
      else if (now.inbound !== binding.inbound) this.#goOn(this.#pending.restart(now));
      else {
        const { provider, rule, by, next } = step;
        const ms = clock.monotonic() - startedAt;
        const judged = judgeAnswer(this.#authorized, { provider, rule, next, ms, ...answered });
        this.#authorized = judged.authorized;
        if (judged.kind === "stop") this.#stop(judged.cause, { verdict: "deny", reason: judged.reason, by });
        else this.take(this.#pending.next(seenFacts(connection.facts, this.#authorized), next));
      }
    });
  }

  #check({ provider }: Ask, body: BodySeen | undefined): ReturnType<typeof httpCheck> {
    const { connection, exchange } = this.#pending;
    const { seen } = this.#authorized;
    if (provider.http !== undefined) return httpCheck(provider, provider.http, seen, body);
    const { clock, draw } = connection.sidecar.shared;
    const stream = {
      at: clock.now() - (clock.monotonic() - exchange.startedAt),
      id: String(Math.floor(draw() * Number.MAX_SAFE_INTEGER)),
      protocol: exchange.protocol,
      size: exchange.received(),
    };
    const { address } = connection.sidecar.binding().snapshot.workload;
    return grpcCheck(provider, address, checkedConnection(connection), { seen, stream, body });
  }

  /** The request goes on: what waited of its body follows it. */
  #goOn(sink: RequestSink): void {
    this.#sink = sink;
    for (const piece of this.#body.pieces()) sink.body(piece);
  }

  #stop(cause: LocalReplyCause | undefined, decision: Decision): void {
    this.#leave();
    this.#pending.refuse(cause, decision, this.#authorized);
  }

  #drop(): void {
    this.#leave();
    this.#pending.exchange.abort();
  }

  #leave(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#collecting = undefined;
    this.#sink = deafSink;
  }
}
