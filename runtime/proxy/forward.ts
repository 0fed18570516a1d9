import type { Socket } from "node:net";
import type { LocalReplyCause } from "../traffic/local-reply.ts";
import { decideRetry, retryDelayMs } from "../traffic/retry.ts";
import type { TryOutcome } from "../traffic/retry.ts";
import { resetFlag } from "../traffic/reset.ts";
import type { ResetReason } from "../traffic/reset.ts";
import type { CodecError } from "../wire/http1/error.ts";
import { headerValue } from "../wire/http1/head.ts";
import { withoutContent } from "../wire/http1/response-head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import type { ClientExchange, ResponseHandlers } from "./client-exchange.ts";
import type { RequestSink } from "./exchange.ts";
import type { ForwardOptions } from "./forward-options.ts";
import { createForwardTimers } from "./forward-timers.ts";
import { sendHttp1 } from "./http1-client.ts";
import { sendHttp2 } from "./http2-client.ts";
import { lastPiece } from "./piece.ts";
import type { Piece } from "./piece.ts";
import { createReplayBody } from "./replay-body.ts";
import { mayReplaySilently } from "./silent-replay.ts";
import { tunnel } from "./tunnel.ts";
import type { Upstream } from "./upstream.ts";

/** Carries one request upstream, try after try, and its answer back. */
export function forward(options: ForwardOptions): RequestSink {
  const { exchange, clock } = options;
  const body = createReplayBody(exchange.early);
  let attempt = 0;
  let silentReplays = 0;
  let giveUp: (() => void) | undefined;
  let client: ClientExchange | undefined;
  let connection: Upstream | undefined;
  let sentAt = 0;
  let requestAt = exchange.requestDone() ? exchange.startedAt : 0;
  let upstreamMs = 0;
  let status = 0;
  let extraFlags: readonly string[] = [];
  let bytesOut = 0;
  let answering = false;
  let fault: CodecError | undefined;
  let over = false;
  const timers = createForwardTimers(clock, options.timeouts, onRouteTimeout, onTryTimeout);

  function finish(result: {
    readonly status: number;
    readonly flags: readonly string[];
    readonly details: string;
    readonly bytes: number;
  }): void {
    if (over) return;
    over = true;
    timers.stop();
    body.forget();
    options.onDone({
      status: result.status,
      flags: result.flags,
      details: result.details,
      attempts: attempt,
      upstreamMs,
      bytesOut: result.bytes,
      connection,
    });
  }

  function replyWith(cause: LocalReplyCause): void {
    if (over) return;
    dropUpstream();
    finish(options.reply(cause));
  }

  /** Leaves the current try, whatever its state. */
  function dropUpstream(): void {
    giveUp?.();
    giveUp = undefined;
    client?.abort();
    client = undefined;
    timers.stopTry();
  }

  function onRouteTimeout(): void {
    if (answering) cut("UT", "response_timeout");
    else replyWith({ kind: "route-timeout" });
  }

  function onTryTimeout(): void {
    dropUpstream();
    judge({ kind: "per-try-timeout" }, (exhausted) => {
      replyWith({ kind: "per-try-timeout", exhausted });
    });
  }

  /** The request is complete: from here on the server's time is measured. */
  function onRequestComplete(): void {
    requestAt = clock.monotonic();
    timers.startRoute();
    if (client !== undefined && !answering) timers.startTry();
  }

  /** The answer began but can't be completed: the caller must see a broken connection, not a short body. */
  function cut(flag: string, details: string): void {
    if (over) return;
    dropUpstream();
    exchange.abort();
    finish({ status, flags: [...extraFlags, flag], details, bytes: bytesOut });
  }

  function judge(outcome: TryOutcome, otherwise: (exhausted: boolean) => void): void {
    const verdict = decideRetry(options.retry, outcome, attempt - 1);
    if (verdict === "retry" && body.replayable() && options.retry !== undefined) {
      giveUp = clock.after(retryDelayMs(options.retry, attempt, options.draw), () => {
        start(false);
      });
      return;
    }
    otherwise(verdict === "exhausted");
  }

  function failTry(reason: ResetReason, transport: string, started: boolean): void {
    judge({ kind: "reset", reason, started }, (exhausted) => {
      replyWith({ kind: "reset", reason, transport, tries: attempt, exhausted });
    });
  }

  function start(fresh: boolean): void {
    if (over) return;
    giveUp = undefined;
    if (!fresh) attempt += 1;
    let answered = false;
    const cancel = options.acquire(attempt, fresh, (result) => {
      answered = true;
      giveUp = undefined;
      if (over) {
        if (result.kind === "connection" && !("session" in result.connection)) options.release(result.connection);
        return;
      }
      switch (result.kind) {
        case "connection":
          send(result.connection);
          return;
        case "no-endpoint":
          replyWith({ kind: "no-healthy-upstream" });
          return;
        case "failed":
          failTry(result.reason, result.transport, false);
          return;
      }
    });
    if (!answered) giveUp = cancel;
  }

  function send(to: Upstream): void {
    connection = to;
    const elapsed = requestAt === 0 ? 0 : clock.monotonic() - requestAt;
    const request = { head: exchange.head, change: options.change(attempt, elapsed), body: body.pieces() };
    let mine = true;
    sentAt = clock.monotonic();
    const handlers: ResponseHandlers = {
      interim: (head) => {
        if (mine && !over) exchange.interim(head);
      },
      head: (head, early) => {
        if (!mine || over) return true;
        const outcome: TryOutcome = {
          kind: "response",
          status: head.status,
          header: (name) => headerValue(head, name),
        };
        const verdict = decideRetry(options.retry, outcome, attempt - 1);
        if (verdict === "retry" && body.replayable() && options.retry !== undefined) {
          mine = false;
          if (early.part.done) client?.finish(exchange.requestDone());
          else client?.abort();
          client = undefined;
          giveUp = clock.after(retryDelayMs(options.retry, attempt, options.draw), () => {
            start(false);
          });
          return true;
        }
        if (verdict === "exhausted") extraFlags = ["URX"];
        return answer(head, early);
      },
      body: (piece) => {
        if (!mine || over) return true;
        bytesOut += piece.part.size;
        const more = exchange.body(piece);
        if (piece.part.done) complete();
        return more;
      },
      failed: (reason, answered) => {
        if (!mine || over) return;
        mine = false;
        client = undefined;
        if (answering) {
          cut(resetFlag(reason), `upstream_reset_after_response_started{${reason.replaceAll(" ", "_")}}`);
          return;
        }
        if (
          reason === "connection termination" &&
          !answered &&
          body.replayable() &&
          mayReplaySilently(to, exchange.head.method, silentReplays)
        ) {
          silentReplays += 1;
          start(true);
          return;
        }
        failTry(reason, "", true);
      },
      switched: (socket, head, early) => {
        if (!mine || over) return;
        mine = false;
        if (options.upgrade) switchTo(socket, head, early);
        else {
          socket.destroy();
          failTry("protocol error", "", true);
        }
      },
      drained: () => {
        if (mine && !over) exchange.resume();
      },
    };
    client = "session" in to ? sendHttp2(to, request, handlers) : sendHttp1(to, request, handlers, options.release);
    body.sent();
    if (fault !== undefined) replyWith({ kind: "codec-error", details: fault.details });
    else if (exchange.requestDone()) timers.startTry();
    else exchange.resume();
  }

  function answer(head: ResponseHead, early: Piece): boolean {
    answering = true;
    body.forget();
    timers.stopTry();
    status = head.status;
    const now = clock.monotonic();
    upstreamMs = now - (requestAt === 0 ? sentAt : Math.max(requestAt, sentAt));
    if (isRefusedUpgrade()) {
      client?.abort();
      client = undefined;
      exchange.respond(withoutContent(head), options.responseEdit(head, undefined), lastPiece);
      complete();
      return true;
    }
    bytesOut += early.part.size;
    const serviceTime = Math.max(0, Math.round(upstreamMs));
    const more = exchange.respond(head, options.responseEdit(head, serviceTime), early);
    if (early.part.done) complete();
    return more;
  }

  /** The application answered an upgrade as if it were an ordinary request (errata traffic C9). */
  function isRefusedUpgrade(): boolean {
    return options.upgrade && status >= 200 && status < 300;
  }

  function complete(): void {
    client?.finish(exchange.requestDone());
    client = undefined;
    exchange.finish();
    finish({
      status,
      flags: extraFlags,
      details: isRefusedUpgrade() ? "websocket_handshake_unsuccessful" : "via_upstream",
      bytes: bytesOut,
    });
  }

  function switchTo(socket: Socket, head: ResponseHead, early: Buffer): void {
    answering = true;
    status = 101;
    timers.stop();
    upstreamMs = clock.monotonic() - sentAt;
    options.onTunnel(tunnel(exchange, socket, head, early, options.responseEdit(head, undefined), finish));
  }

  if (exchange.requestDone()) timers.startRoute();
  start(false);

  return {
    body: (piece) => {
      if (over) return true;
      if (piece.part.done) onRequestComplete();
      if (!answering) body.keep(piece);
      if (client === undefined) return !body.full();
      body.sent();
      return client.write(piece);
    },
    drained: () => {
      client?.resume();
    },
    gone: () => {
      if (over) return;
      dropUpstream();
      finish({ status, flags: [...extraFlags, "DC"], details: "downstream_remote_disconnect", bytes: bytesOut });
    },
    broken: (error) => {
      if (over) return;
      if (answering) {
        cut("DPE", error.details);
        return;
      }
      // The head goes first, as in Envoy, even where its connection has yet to be made (headers/raw-inbound chunk-bad).
      if (client === undefined && giveUp !== undefined) fault = error;
      else replyWith({ kind: "codec-error", details: error.details });
    },
  };
}
