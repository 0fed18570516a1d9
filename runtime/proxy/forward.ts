import type { Socket } from "node:net";
import type { LocalReplyCause } from "../traffic/local-reply.ts";
import { retryDelayMs } from "../traffic/retry.ts";
import type { TryOutcome } from "../traffic/retry.ts";
import { resetFlag } from "../traffic/reset.ts";
import type { ResetReason } from "../traffic/reset.ts";
import type { CodecError } from "../wire/http1/error.ts";
import { withoutContent } from "../wire/http1/response-head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import type { ClientExchange } from "./client-exchange.ts";
import type { Exchange, RequestSink } from "./exchange.ts";
import type { Acquired, ForwardOptions } from "./forward-options.ts";
import { judgeHead, judgeTry } from "./forward-retry.ts";
import { Try } from "./forward-try.ts";
import type { TryOwner } from "./forward-try.ts";
import { createForwardTimers, noTimers } from "./forward-timers.ts";
import type { ForwardTimers } from "./forward-timers.ts";
import { sendHttp1 } from "./http1-client.ts";
import { sendHttp2 } from "./http2-client.ts";
import { lastPiece } from "./piece.ts";
import type { Piece } from "./piece.ts";
import { ReplayBody } from "./replay-body.ts";
import { mayReplaySilently } from "./silent-replay.ts";
import { tunnel } from "./tunnel.ts";
import type { Upstream } from "./upstream.ts";

/** Carries one request upstream, try after try, and its answer back. */
export function forward(options: ForwardOptions): RequestSink {
  const forwarding = new Forwarding(options);
  forwarding.begin();
  return forwarding;
}

interface Ending {
  readonly status: number;
  readonly flags: readonly string[];
  readonly details: string;
  readonly bytes: number;
}

/** A class, because one is made per request, on each side: its functions would cost more than the request. */
class Forwarding implements RequestSink, TryOwner {
  readonly exchange: Exchange;
  readonly #options: ForwardOptions;
  readonly #body: ReplayBody;
  readonly #timers: ForwardTimers;
  #attempt = 0;
  #silentReplays = 0;
  #giveUp: (() => void) | undefined;
  #client: ClientExchange | undefined;
  #connection: Upstream | undefined;
  #sentAt = 0;
  #requestAt: number;
  #upstreamMs = 0;
  #status = 0;
  #extraFlags: readonly string[] = noFlags;
  #bytesOut = 0;
  #answering = false;
  #fault: CodecError | undefined;
  #over = false;

  constructor(options: ForwardOptions) {
    const { exchange, timeouts } = options;
    this.exchange = exchange;
    this.#options = options;
    this.#body = new ReplayBody(exchange.early);
    this.#requestAt = exchange.requestDone() ? exchange.startedAt : 0;
    this.#timers =
      timeouts.routeMs === undefined && timeouts.perTryMs === undefined
        ? noTimers
        : createForwardTimers(options.shared.clock, timeouts, this);
  }

  isOver(): boolean {
    return this.#over;
  }

  begin(): void {
    if (this.exchange.requestDone()) this.#timers.startRoute();
    this.#start(false);
  }

  // The caller's side: what comes of the request.

  body(piece: Piece): boolean {
    if (this.#over) return true;
    if (piece.part.done) this.#onRequestComplete();
    if (!this.#answering) this.#body.keep(piece);
    if (this.#client === undefined) return !this.#body.isFull();
    this.#body.sent();
    return this.#client.write(piece);
  }

  drained(): void {
    this.#client?.resume();
  }

  gone(): void {
    if (this.#over) return;
    this.#dropUpstream();
    this.#finish(this.#ending([...this.#extraFlags, "DC"], "downstream_remote_disconnect"));
  }

  broken(error: CodecError): void {
    if (this.#over) return;
    // HTTP/2 has no answer to it.
    if (this.#answering || error.status === 0) this.#cut("DPE", error.details);
    // The head goes first, as in Envoy, even where its connection has yet to be made (headers/raw-inbound chunk-bad).
    else if (this.#client === undefined && this.#giveUp !== undefined) this.#fault = error;
    else this.#replyWith({ kind: "codec-error", details: error.details });
  }

  // The server's side: what comes of the answer, while a try is the current one.

  onHead(attempt: Try, head: ResponseHead, early: Piece): boolean {
    const verdict = judgeHead(this.#options.retry, head, this.#attempt, this.#body.isReplayable());
    if (verdict === "retry") {
      attempt.leave();
      if (early.part.done) this.#client?.finish(this.exchange.requestDone());
      else this.#client?.abort();
      this.#client = undefined;
      this.#startLater();
      return true;
    }
    if (verdict === "exhausted") this.#extraFlags = ["URX"];
    return this.#answer(head, early);
  }

  onBody(piece: Piece): boolean {
    this.#bytesOut += piece.part.size;
    const more = this.exchange.body(piece);
    if (piece.part.done) this.#complete();
    return more;
  }

  onFailed(to: Upstream, reason: ResetReason, answered: boolean): void {
    this.#client = undefined;
    if (this.#answering) {
      this.#cut(resetFlag(reason), `upstream_reset_after_response_started{${reason.replaceAll(" ", "_")}}`);
      return;
    }
    if (
      reason === "connection termination" &&
      !answered &&
      this.#body.isReplayable() &&
      mayReplaySilently(to, this.exchange.head.method, this.#silentReplays, this.#options.isOutdated(to))
    ) {
      this.#silentReplays += 1;
      this.#start(true);
      return;
    }
    this.#failTry(reason, "", true);
  }

  onSwitched(socket: Socket, head: ResponseHead, early: Buffer): void {
    if (!this.#options.upgrade) {
      socket.destroy();
      this.#failTry("protocol error", "", true);
      return;
    }
    this.#answering = true;
    this.#status = 101;
    this.#timers.stop();
    this.#upstreamMs = this.#options.shared.clock.monotonic() - this.#sentAt;
    this.#options.onTunnel(
      tunnel(this.exchange, socket, head, early, this.#options.responseEdit(head, undefined), (result) => {
        this.#finish(result);
      }),
    );
  }

  #ending(flags: readonly string[], details: string): Ending {
    return { status: this.#status, flags, details, bytes: this.#bytesOut };
  }

  #finish(result: Ending): void {
    if (this.#over) return;
    this.#over = true;
    this.#timers.stop();
    this.#body.forget();
    this.#options.onDone({
      status: result.status,
      flags: result.flags,
      details: result.details,
      attempts: this.#attempt,
      upstreamMs: this.#upstreamMs,
      bytesOut: result.bytes,
      connection: this.#connection,
    });
  }

  #replyWith(cause: LocalReplyCause): void {
    if (this.#over) return;
    this.#dropUpstream();
    this.#finish(this.#options.reply(cause));
  }

  /** Leaves the current try, whatever its state. */
  #dropUpstream(): void {
    this.#giveUp?.();
    this.#giveUp = undefined;
    this.#client?.abort();
    this.#client = undefined;
    this.#timers.stopTry();
  }

  onRouteTimeout(): void {
    if (this.#answering) this.#cut("UT", "response_timeout");
    else this.#replyWith({ kind: "route-timeout" });
  }

  onTryTimeout(): void {
    this.#dropUpstream();
    this.#judge({ kind: "per-try-timeout" }, (exhausted) => ({ kind: "per-try-timeout", exhausted }));
  }

  /** The request is complete: from here on the server's time is measured. */
  #onRequestComplete(): void {
    this.#requestAt = this.#options.shared.clock.monotonic();
    this.#timers.startRoute();
    if (this.#client !== undefined && !this.#answering) this.#timers.startTry();
  }

  /** The answer began but can't be completed: the caller must see a broken connection, not a short body. */
  #cut(flag: string, details: string): void {
    if (this.#over) return;
    this.#dropUpstream();
    this.exchange.abort();
    this.#finish(this.#ending([...this.#extraFlags, flag], details));
  }

  #judge(outcome: TryOutcome, otherwise: (exhausted: boolean) => LocalReplyCause): void {
    const verdict = judgeTry(this.#options.retry, outcome, this.#attempt, this.#body.isReplayable());
    if (verdict === "retry") this.#startLater();
    else this.#replyWith(otherwise(verdict === "exhausted"));
  }

  #failTry(reason: ResetReason, transport: string, started: boolean): void {
    this.#judge({ kind: "reset", reason, started }, (exhausted) => ({
      kind: "reset",
      reason,
      transport,
      tries: this.#attempt,
      exhausted,
    }));
  }

  #startLater(): void {
    const { shared, retry } = this.#options;
    const wait = retry === undefined ? 0 : retryDelayMs(retry, this.#attempt, shared.draw);
    this.#giveUp = shared.clock.after(wait, () => {
      this.#start(false);
    });
  }

  #start(fresh: boolean): void {
    if (this.#over) return;
    this.#giveUp = undefined;
    if (!fresh) this.#attempt += 1;
    let answered = false;
    const cancel = this.#options.acquire(this.#attempt, fresh, (result) => {
      answered = true;
      this.#onAcquired(result);
    });
    if (!answered) this.#giveUp = cancel;
  }

  #onAcquired(result: Acquired): void {
    this.#giveUp = undefined;
    if (this.#over) {
      if (result.kind === "connection" && !("session" in result.connection)) this.#options.release(result.connection);
      return;
    }
    switch (result.kind) {
      case "connection":
        this.#send(result.connection);
        return;
      case "no-endpoint":
        this.#replyWith({ kind: "no-healthy-upstream" });
        return;
      case "failed":
        this.#failTry(result.reason, result.transport, false);
        return;
    }
  }

  #send(to: Upstream): void {
    const options = this.#options;
    const { exchange } = this;
    this.#connection = to;
    this.#sentAt = options.shared.clock.monotonic();
    const elapsed = this.#requestAt === 0 ? 0 : this.#sentAt - this.#requestAt;
    const request = {
      head: options.head ?? exchange.head,
      change: options.change(this.#attempt, elapsed),
      body: this.#body.pieces(),
    };
    const handlers = new Try(this, to);
    this.#client = "session" in to ? sendHttp2(to, request, handlers) : sendHttp1(to, request, handlers, options);
    this.#body.sent();
    if (this.#fault !== undefined) this.#replyWith({ kind: "codec-error", details: this.#fault.details });
    else if (exchange.requestDone()) this.#timers.startTry();
    else exchange.resume();
  }

  #answer(head: ResponseHead, early: Piece): boolean {
    this.#answering = true;
    this.#body.forget();
    this.#timers.stopTry();
    this.#status = head.status;
    this.#upstreamMs = this.#options.shared.clock.monotonic() - Math.max(this.#requestAt, this.#sentAt);
    if (this.#isRefusedUpgrade()) {
      this.#client?.abort();
      this.#client = undefined;
      this.exchange.respond(withoutContent(head), this.#options.responseEdit(head, undefined), lastPiece);
      this.#complete();
      return true;
    }
    this.#bytesOut += early.part.size;
    const edit = this.#options.responseEdit(head, Math.max(0, Math.round(this.#upstreamMs)));
    const more = this.exchange.respond(head, edit, early);
    if (early.part.done) this.#complete();
    return more;
  }

  /** The application answered an upgrade as if it were an ordinary request (errata traffic C9). */
  #isRefusedUpgrade(): boolean {
    return this.#options.upgrade && this.#status >= 200 && this.#status < 300;
  }

  #complete(): void {
    const { exchange } = this;
    this.#client?.finish(exchange.requestDone());
    this.#client = undefined;
    exchange.finish();
    const details = this.#isRefusedUpgrade() ? "websocket_handshake_unsuccessful" : "via_upstream";
    this.#finish(this.#ending(this.#extraFlags, details));
  }
}

const noFlags: readonly string[] = [];
