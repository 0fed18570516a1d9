import type { LocalReplyCause } from "../traffic/local-reply.ts";
import { decideRetry, retryDelayMs } from "../traffic/retry.ts";
import type { TryOutcome } from "../traffic/retry.ts";
import type { ResetReason } from "../traffic/reset.ts";
import { headerValue } from "../wire/http1/head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import { chunkedBody } from "../wire/http1/semantics.ts";
import { writeResponseHead } from "../wire/http1/write.ts";
import { sendRequest } from "./http-client.ts";
import type { ClientExchange } from "./http-client.ts";
import type { ForwardOptions } from "./forward-options.ts";
import type { RequestSink } from "./http-server.ts";
import { createReplayBody } from "./replay-body.ts";
import { tunnel } from "./tunnel.ts";
import type { UpstreamConnection } from "./upstream-pool.ts";

const maxSilentReplays = 3;
const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Carries one request upstream, try after try, and its answer back. */
export function forward(options: ForwardOptions): RequestSink {
  const { exchange, clock } = options;
  const { method } = exchange.head;
  const body = createReplayBody(exchange.early);
  let attempt = 0;
  let silentReplays = 0;
  let giveUp: (() => void) | undefined;
  let client: ClientExchange | undefined;
  let connection: UpstreamConnection | undefined;
  let sentAt = 0;
  let requestAt = exchange.requestDone() ? exchange.startedAt : 0;
  let upstreamMs = 0;
  let status = 0;
  let extraFlags: readonly string[] = [];
  let bytesOut = 0;
  let answering = false;
  let over = false;
  let routeTimer: (() => void) | undefined;
  let tryTimer: (() => void) | undefined;

  function stopTimers(): void {
    routeTimer?.();
    tryTimer?.();
    routeTimer = undefined;
    tryTimer = undefined;
  }

  function finish(result: {
    readonly status: number;
    readonly flags: readonly string[];
    readonly details: string;
    readonly bytes: number;
  }): void {
    if (over) return;
    over = true;
    stopTimers();
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
    tryTimer?.();
    tryTimer = undefined;
  }

  function startRouteTimer(): void {
    const { routeMs } = options.timeouts;
    if (routeMs === undefined || routeTimer !== undefined || over) return;
    routeTimer = clock.after(routeMs, () => {
      if (answering) cut("UT", "response_timeout");
      else replyWith({ kind: "route-timeout" });
    });
  }

  function startTryTimer(): void {
    const { perTryMs } = options.timeouts;
    if (perTryMs === undefined || over || answering) return;
    tryTimer?.();
    tryTimer = clock.after(perTryMs, () => {
      if (answering) return;
      dropUpstream();
      judge({ kind: "per-try-timeout" }, (exhausted) => {
        replyWith({ kind: "per-try-timeout", exhausted });
      });
    });
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
        if (result.kind === "connection") options.release(result.connection);
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

  function send(to: UpstreamConnection): void {
    connection = to;
    const elapsed = requestAt === 0 ? 0 : clock.monotonic() - requestAt;
    const first = options.writeHead(attempt, elapsed, body.bytes());
    let mine = true;
    sentAt = clock.monotonic();
    client = sendRequest(to, method, first, {
      interim: (head) => {
        if (mine && !over) exchange.send(writeResponseHead(head));
      },
      head: (head, early, done, reusable) => {
        if (!mine || over) return true;
        const outcome: TryOutcome = {
          kind: "response",
          status: head.status,
          header: (name) => headerValue(head, name),
        };
        const verdict = decideRetry(options.retry, outcome, attempt - 1);
        if (verdict === "retry" && body.replayable() && options.retry !== undefined) {
          mine = false;
          if (done && reusable && exchange.requestDone()) options.release(to);
          else client?.abort();
          client = undefined;
          giveUp = clock.after(retryDelayMs(options.retry, attempt, options.draw), () => {
            start(false);
          });
          return true;
        }
        if (verdict === "exhausted") extraFlags = ["URX"];
        return answer(to, head, early, done, reusable);
      },
      body: (bytes, done, reusable) => {
        if (!mine || over) return true;
        bytesOut += bytes.length;
        const more = exchange.send(bytes);
        if (done) complete(to, reusable);
        return more;
      },
      failed: (cause, answered) => {
        if (!mine || over) return;
        mine = false;
        client = undefined;
        if (answering) {
          cut(
            cause === "protocol" ? "UPE" : "UC",
            `upstream_reset_after_response_started{${cause === "protocol" ? "protocol_error" : "connection_termination"}}`,
          );
          return;
        }
        // Another sidecar probably closed an idle connection at the moment we used it. It can't be proven that nobody read the request, so
        // only a method that may be repeated is (RFC 9110, 9.2.2); others fail as with Envoy.
        if (
          cause === "termination" &&
          !answered &&
          to.used > 0 &&
          to.leaf !== undefined &&
          idempotent.has(exchange.head.method) &&
          body.replayable() &&
          silentReplays < maxSilentReplays
        ) {
          silentReplays += 1;
          start(true);
          return;
        }
        failTry(cause === "protocol" ? "protocol error" : "connection termination", "", true);
      },
      switched: (head, early) => {
        if (!mine || over) return;
        mine = false;
        if (options.upgrade) switchTo(to, head, early);
        else {
          to.socket.destroy();
          failTry("protocol error", "", true);
        }
      },
      drained: () => {
        if (mine && !over) exchange.resume();
      },
    });
    body.sent();
    if (exchange.requestDone()) startTryTimer();
    else exchange.resume();
  }

  function answer(
    to: UpstreamConnection,
    head: ResponseHead,
    early: Buffer,
    done: boolean,
    reusable: boolean,
  ): boolean {
    answering = true;
    body.forget();
    tryTimer?.();
    status = head.status;
    const now = clock.monotonic();
    upstreamMs = now - (requestAt === 0 ? sentAt : Math.max(requestAt, sentAt));
    const framing = head.framing.kind === "until-close" ? chunkedBody : head.framing;
    const bytes = writeResponseHead(head, {
      edit: options.responseEdit(head, Math.max(0, Math.round(upstreamMs))),
      framing,
      close: exchange.closing(),
      body: early,
    });
    bytesOut += early.length;
    const more = exchange.send(bytes);
    if (done) complete(to, reusable);
    return more;
  }

  /** The application answered an upgrade as if it were an ordinary request (errata traffic C9). */
  function isRefusedUpgrade(): boolean {
    return options.upgrade && status >= 200 && status < 300;
  }

  function complete(to: UpstreamConnection, reusable: boolean): void {
    client = undefined;
    if (reusable && exchange.requestDone()) options.release(to);
    else to.socket.destroy();
    const close = exchange.closing();
    exchange.finish(close);
    finish({
      status,
      flags: extraFlags,
      details: isRefusedUpgrade() ? "websocket_handshake_unsuccessful" : "via_upstream",
      bytes: bytesOut,
    });
  }

  function switchTo(to: UpstreamConnection, head: ResponseHead, early: Buffer): void {
    answering = true;
    status = 101;
    stopTimers();
    upstreamMs = clock.monotonic() - sentAt;
    options.onTunnel(tunnel(exchange, to.socket, head, early, options.responseEdit(head, 0), finish));
  }

  if (exchange.requestDone()) startRouteTimer();
  start(false);

  return {
    body: (bytes, done) => {
      if (over) return true;
      if (done && requestAt === 0) {
        requestAt = clock.monotonic();
        startRouteTimer();
        if (client !== undefined) startTryTimer();
      }
      if (!answering) body.keep(bytes);
      if (client === undefined) return !body.full();
      body.sent();
      return client.write(bytes);
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
      replyWith({ kind: "codec-error", details: error.details });
    },
  };
}
